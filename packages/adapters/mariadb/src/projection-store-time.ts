/** Instants as DATETIME(6) in UTC: text `YYYY-MM-DD HH:MM:SS.ffffff` both ways, so that no time zone gets in between. */

const RFC3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** @param instant RFC 3339 */
export const toStoredTime = (instant: string): string => {
  const utc = RFC3339_MS.test(instant) ? instant : new Date(instant).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 23)}000`;
};

/** RFC 3339 UTC with milliseconds; the epoch for a zero date, which tells no time. */
export const fromStoredTime = (stored: string): string => {
  const instant = `${stored.slice(0, 10)}T${stored.slice(11, 23)}Z`;
  return stored.startsWith("0000-00") ? new Date(0).toISOString() : instant;
};

export const LOWEST_TIME = "0000-00-00 00:00:00.000000";
export const HIGHEST_TIME = "9999-12-31 23:59:59.999999";

/** The last that is stored of this millisecond. */
export const endOfMillisecond = (instant: string): string => toStoredTime(instant).replace(/000$/, "999");

export const isStoredTime = (text: string): boolean => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(text);
