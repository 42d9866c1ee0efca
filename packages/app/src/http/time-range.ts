/** Instants in queries. */
import { invalidQuery } from "./problems.ts";

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Date.parse makes 2 March of 30 February. */
const isDate = (date: string): boolean => {
  const time = Date.parse(date);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
};

/**
 * RFC 3339 UTC with milliseconds; null for a text that is no instant. A date stands for its first or last millisecond.
 * What is finer than a millisecond is rounded to the millisecond that is still on the inner side.
 */
export const parseInstant = (text: string, edge: "first" | "last"): string | null => {
  if (!isDate(text.slice(0, 10))) return null;
  if (DATE.test(text)) return `${text}T${edge === "first" ? "00:00:00.000" : "23:59:59.999"}Z`;
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const milliseconds = Date.parse(text.replace(" ", "T").toUpperCase());
  if (Number.isNaN(milliseconds)) return null;
  const finer = /[1-9]/.test((match[1] ?? "").slice(4));
  return new Date(milliseconds + (edge === "first" && finer ? 1 : 0)).toISOString();
};

const boundOf = (name: "from" | "to", text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const instant = parseInstant(text, name === "from" ? "first" : "last");
  if (instant !== null) return instant;
  throw invalidQuery({
    pointer: `/${name}`,
    keyword: "format",
    message: "must be a date (2026-01-31) or RFC 3339 with a zone (2026-01-31T12:00:00Z; + in an address is %2B)",
  });
};

export interface TimeRange {
  readonly from?: string;
  readonly to?: string;
}

/** @throws HttpProblem `invalid-query` */
export const timeRangeOf = (query: { from?: string | undefined; to?: string | undefined }): TimeRange => {
  const from = boundOf("from", query.from);
  const to = boundOf("to", query.to);
  if (from !== undefined && to !== undefined && from > to) {
    throw invalidQuery({ pointer: "/from", keyword: "maximum", message: `is after \`to\`, which is ${to}` });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
};
