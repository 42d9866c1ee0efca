/**
 * The device's own time, from where the flow says that it is in the payload.
 *
 * Accepted are RFC 3339 text, with its zone, and Unix times as numbers. Seconds and milliseconds are told apart by
 * size: below 10¹¹ it is seconds (as milliseconds that would be before March 1973, as seconds it reaches to 5138).
 *
 * Anything before 10⁸ s (March 1973) is no time but a clock that was never set, such as one that counts from its
 * start; anything after the year 9999 has no RFC 3339 text. Of both, as of anything else, nothing is made.
 */
import { resolvePointer } from "../json-pointer.ts";
import type { JsonValue } from "../ports/payload.ts";

/** Milliseconds since the epoch. */
const EARLIEST = 1e8 * 1000;
/** 9999-12-31T23:59:59.999Z. */
const LATEST = 253_402_300_799_999;
const MILLISECONDS_FROM = 1e11;

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Milliseconds since the epoch, or undefined when it is no date-time of RFC 3339. */
const parseRfc3339 = (text: string): number | undefined => {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const [zoneHour, zoneMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  // A leap second is written :60; it falls on the next second, as in Unix time.
  if (hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (match[8] === "-" ? -1 : 1) * (zoneHour * 60 + zoneMinute);
  return midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + milliseconds;
};

const instantOf = (value: JsonValue | undefined): number | undefined => {
  if (typeof value === "string") return parseRfc3339(value);
  if (typeof value !== "number") return undefined;
  return Math.round(Math.abs(value) < MILLISECONDS_FROM ? value * 1000 : value);
};

/**
 * @param pointer JSON pointer to the time (RFC 6901)
 * @returns RFC 3339 UTC with milliseconds (finer fractions are cut off); undefined when there is no sensible time there
 */
export const deviceTimeOf = (value: JsonValue, pointer: string): string | undefined => {
  const instant = instantOf(resolvePointer(value, pointer));
  if (instant === undefined || !(instant >= EARLIEST && instant <= LATEST)) return undefined;
  return new Date(instant).toISOString();
};
