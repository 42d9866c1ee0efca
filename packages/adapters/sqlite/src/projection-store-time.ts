/**
 * Instants in the projection's tables: UTC text `YYYY-MM-DD HH:MM:SS.ffffff`, as the older gateway's database layer
 * writes them. Text of this form sorts by time. What others have inserted may have fewer digits or a `T` and a zone.
 */

const RFC3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const STORED = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$/;

/** @param instant RFC 3339 */
export const toStoredTime = (instant: string): string => {
  const utc = RFC3339_MS.test(instant) ? instant : new Date(instant).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 23)}000`;
};

/** RFC 3339 UTC with milliseconds; the epoch for text that tells no time. */
export const fromStoredTime = (stored: string): string => {
  const match = STORED.exec(stored);
  if (match) return `${match[1]}T${match[2]}.${(match[3] ?? "").slice(0, 3).padEnd(3, "0")}Z`;
  const time = Date.parse(stored);
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
};

/** The least text that any instant from this one on is stored as, whatever its number of digits. */
export const lowestStoredTime = (instant: string): string => toStoredTime(instant).replace(/\.?0+$/, "");

/** The greatest text that an instant within this millisecond is stored as. */
export const highestStoredTime = (instant: string): string => toStoredTime(instant).replace(/000$/, "999");
