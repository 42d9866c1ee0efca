/** Zone-less asctime form: `Sun Nov  6 08:49:37 1994` (RFC 9110 §5.6.7, obsolete but to be accepted). */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;
const OTHER_DATES = /^[A-Z][a-z]{2,8}, \d\d[- ][A-Z][a-z]{2}[- ]\d{2,4} \d\d:\d\d:\d\d GMT$/;

/**
 * Retry-After (RFC 9110 §10.2.3): seconds, or an HTTP date in any of its three forms.
 * @returns the pause in ms from 0 to `maxMs`; undefined when the header says nothing that can be understood
 */
export const parseRetryAfter = (value: string, now: number, maxMs: number): number | undefined => {
  const text = value.trim();
  let ms: number;
  if (/^\d+$/.test(text)) ms = Number(text) * 1000;
  else if (ASCTIME.test(text)) ms = Date.parse(`${text} GMT`) - now;
  else if (OTHER_DATES.test(text)) ms = Date.parse(text) - now;
  else return undefined;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxMs);
};
