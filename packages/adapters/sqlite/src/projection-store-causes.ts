/** Dead letters by cause: the list of causes, and filling in the cause of letters that were there before it was kept. */
import type { DeadLetterCause } from "@sluice/contracts";
import { causeAttribute, causeOf, type DeadLetterFilter } from "@sluice/domain";
import { transact } from "./connection.ts";
import type { StatementCache } from "./statement-cache.ts";

const GROUP = "cause, flow, action, kind, cause_attribute";
const MOST_FIRST = `letters DESC, ${GROUP}`;
const SAMPLE = `SELECT id FROM dead_letters AS letter
  WHERE letter.cause = found.cause AND letter.flow = found.flow AND letter.action = found.action
    AND letter.kind = found.kind AND letter.cause_attribute = found.cause_attribute AND letter.dead_at = found.last
  ORDER BY letter.seq DESC LIMIT 1`;

/** The index gives the groups one after the other, and the conditions are held against what it has. */
const listing = (conditions: readonly string[]): string => `
  SELECT kind, flow, action, nullif(cause_attribute, '') AS attribute, cause, letters AS count, first AS firstDeadAt,
    last AS lastDeadAt, (${SAMPLE}) AS sample
  FROM (
    SELECT ${GROUP}, count(*) AS letters, min(dead_at) AS first, max(dead_at) AS last
    FROM dead_letters INDEXED BY dead_letters_causes
    WHERE ${["cause IS NOT NULL", ...conditions].join(" AND ")}
    GROUP BY ${GROUP} ORDER BY ${MOST_FIRST} LIMIT ?
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
