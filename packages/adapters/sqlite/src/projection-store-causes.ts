/** Dead letters by cause: the list of causes, and filling in the cause of letters that were there before it was kept. */
import type { DeadLetterCause } from "@sluice/contracts";
import { causeAttribute, causeOf, type DeadLetterFilter } from "@sluice/domain";
import { transact } from "./connection.ts";
import type { StatementCache } from "./statement-cache.ts";

const GROUP = ["cause", "flow", "action", "kind", "cause_attribute"];
const MOST_FIRST = `letters DESC, ${GROUP.join(", ")}`;
/** By the index that has the letters of a group in the order of their deaths. */
const OF_GROUP = `FROM dead_letters AS letter INDEXED BY dead_letters_causes
  WHERE ${GROUP.map((column) => `letter.${column} = found.${column}`).join(" AND ")}`;

const listing = (conditions: readonly string[]): string => `
  SELECT kind, flow, action, nullif(cause_attribute, '') AS attribute, cause, letters AS count,
    (SELECT min(dead_at) ${OF_GROUP}) AS firstDeadAt, (SELECT max(dead_at) ${OF_GROUP}) AS lastDeadAt,
    (SELECT id ${OF_GROUP} ORDER BY dead_at DESC, seq DESC LIMIT 1) AS sample
  FROM (
    SELECT ${GROUP.join(", ")}, letters FROM dead_letter_groups
    WHERE ${["letters > 0", ...conditions].join(" AND ")}
    ORDER BY ${MOST_FIRST} LIMIT ?
  ) AS found
  ORDER BY ${MOST_FIRST}`;

export const listCauses = (
  statements: StatementCache,
  { flow, action, kind, cause }: DeadLetterFilter,
  limit: number,
): readonly DeadLetterCause[] => {
  const equal = Object.entries({ flow, action, kind, cause }).filter(
    (condition): condition is [string, string] => condition[1] !== undefined,
  );
  const rows = statements
    .prepare(listing(equal.map(([column]) => `${column} = ?`)))
    .all(...equal.map(([, value]) => value), limit);
  return rows.map((row) => ({ ...row }) as unknown as DeadLetterCause);
};

const WITHOUT = "SELECT seq, reason, attribute FROM dead_letters WHERE cause IS NULL LIMIT ?";
const FILL = "UPDATE dead_letters SET cause = ?, cause_attribute = ? WHERE seq = ?";
const PART = 5_000;

/** In parts, of which each is kept. */
export const fillCauses = (statements: StatementCache): void => {
  const fillPart = (): number => {
    const letters = statements.prepare(WITHOUT).all(PART) as unknown as readonly {
      readonly seq: number;
      readonly reason: string;
      readonly attribute: string | null;
    }[];
    for (const letter of letters) {
      statements.prepare(FILL).run(causeOf(letter.reason), causeAttribute(letter), letter.seq);
    }
    return letters.length;
  };
  while (statements.prepare(WITHOUT).all(1).length > 0) transact(statements.database, fillPart);
};
