/** What dead letters have in common: the reason without what varies from one to the next. */
import type { DeadLetter } from "@sluice/contracts";
import { attributeNameTooLong } from "./attribute-name.ts";

/** Characters of a cause; the width of its column. */
export const CAUSE_LIMIT = 200;

/** Of a longer reason the rest is not looked at: databases quote whole values in theirs. */
const READ_CHARACTERS = 4_000;

interface Rule {
  readonly pattern: string;
  /** Absent: it stays. */
  readonly becomes?: string | ((found: string) => string);
}

const NAMING = "(?:attribute|column|constraint|function|index|key|partition|relation|table|trigger|type)";
const BEFORE = "(?<![\\p{L}\\p{N}_])";
const AFTER = "(?![\\p{L}\\p{N}_])";

/** The first that fits at a place decides. */
const rules: readonly Rule[] = [
  { pattern: `${BEFORE}(?:answered|status|HTTP) \\d{3}${AFTER}` },
  // Partitions are named by their time.
  {
    pattern: `${BEFORE}(?:partition|relation|table) "[^"]*"`,
    becomes: (found) => found.replace(/(?:_\d+)+(?=")/, "_<number>"),
  },
  { pattern: `${BEFORE}${NAMING} (?:"[^"]*"|'[^']*')` },
  { pattern: "`[^`]*`" },
  { pattern: `${BEFORE}<(?:id|number|time|value)>` },
  { pattern: '"[^"]*"', becomes: "<value>" },
  // An apostrophe within a word quotes nothing.
  { pattern: `${BEFORE}'[^']*'${AFTER}`, becomes: "<value>" },
  {
    pattern: `${BEFORE}\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:Z|[+-]\\d\\d(?::?\\d\\d)?)?)?${AFTER}`,
    becomes: "<time>",
  },
  { pattern: `${BEFORE}[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}${AFTER}`, becomes: "<id>" },
  // Host and port of a connection, or an address alone.
  { pattern: `${BEFORE}(?:localhost|[\\w-]+(?:\\.[\\w-]+)+|\\[[0-9a-fA-F:.]+\\]):\\d{1,5}${AFTER}` },
  { pattern: `${BEFORE}\\d{1,3}(?:\\.\\d{1,3}){3}${AFTER}` },
  { pattern: `${BEFORE}(?=[0-9a-fA-F]*\\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}${AFTER}`, becomes: "<id>" },
  { pattern: `${BEFORE}[-+]?\\d+(?:[.,]\\d+)*(?:[eE][-+]?\\d+)?${AFTER}`, becomes: "<number>" },
];

const whole = new RegExp(rules.map(({ pattern }, index) => `(?<r${index}>${pattern})`).join("|"), "gu");

const general = (found: string, groups: Readonly<Record<string, string | undefined>>): string => {
  const { becomes } = rules.find((_, index) => groups[`r${index}`] !== undefined) as Rule;
  if (becomes === undefined) return found;
  return typeof becomes === "string" ? becomes : becomes(found);
};

const cut = (text: string): string => {
  const characters = Array.from(text);
  return characters.length <= CAUSE_LIMIT ? text : `${characters.slice(0, CAUSE_LIMIT - 1).join("")}…`;
};

/**
 * The reason with `<id>`, `<number>`, `<time>` and `<value>` for what varies, on one line of 200 characters at the most.
 * HTTP statuses stay, and so do hosts with their ports, and the names of columns, constraints and the like.
 *
 * Letters are grouped and filtered by this text, and the stores keep it: a change to it takes a migration that empties
 * their columns, which are then filled anew.
 */
export const causeOf = (reason: string): string => {
  const line = reason
    .slice(0, READ_CHARACTERS)
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return cut(
    line.replace(whole, (found: string, ...rest: readonly unknown[]) =>
      general(found, rest.at(-1) as Readonly<Record<string, string | undefined>>),
    ),
  );
};

/**
 * By which attribute letters of one cause are told apart: empty for a delivery, and for a name that is too long, of which
 * every message may have another.
 */
export const causeAttribute = ({ attribute }: Pick<DeadLetter, "attribute">): string =>
  attribute === null || attributeNameTooLong(attribute) ? "" : attribute;
