/** Instants as `timestamp` in UTC: text `YYYY-MM-DD HH:MM:SS.ffffff` both ways, so that no time zone gets in between. */

const RFC3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** As the server writes it, DateStyle ISO: without zeros at the end. */
const STORED = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/;
/** What else it writes: infinite, before Christ, of a year beyond 9999. */
const ODD = /^(-?infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?( BC)?)$/;

/** @param instant RFC 3339 */
export const toStoredTime = (instant: string): string => {
  const utc = RFC3339_MS.test(instant) ? instant : new Date(instant).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 23)}000`;
};

/** RFC 3339 UTC with milliseconds; the epoch for what RFC 3339 has no words for. */
export const fromStoredTime = (stored: string): string => {
  const match = STORED.exec(stored);
  if (!match) return new Date(0).toISOString();
  return `${match[1]}T${match[2]}.${(match[3] ?? "").slice(0, 3).padEnd(3, "0")}Z`;
};

/** RFC 3339 UTC, with microseconds where there are some; as the server writes it where RFC 3339 has no words for it. */
export const fromStoredTimeExactly = (stored: string): string => {
  const match = STORED.exec(stored);
  if (!match) return stored;
  const fraction = (match[3] ?? "").padEnd(3, "0");
  return `${match[1]}T${match[2]}.${fraction}Z`;
};

/** The last that is stored of this millisecond. */
export const endOfMillisecond = (instant: string): string => toStoredTime(instant).replace(/000$/, "999");

export const isStoredTime = (text: string): boolean => STORED.test(text) || ODD.test(text);
