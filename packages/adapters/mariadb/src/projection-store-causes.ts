/** Dead letters by cause: the list of causes, and filling in the cause of letters that were there before it was kept. */
import type { DeadLetterCause } from "@sluice/contracts";
import { causeAttribute, causeOf, type DeadLetterFilter } from "@sluice/domain";
import type { Connection, Pool } from "mariadb";
import { fromStoredTime } from "./projection-store-time.ts";

const GROUP = "cause, flow, action, kind, cause_attribute";
const MOST_FIRST = `letters DESC, ${GROUP}`;
const SAMPLE = `SELECT id FROM dead_letters AS letter
  WHERE letter.cause = found.cause AND letter.flow = found.flow AND letter.action = found.action
    AND letter.kind = found.kind AND letter.cause_attribute = found.cause_attribute AND letter.dead_at = found.last
  ORDER BY letter.seq DESC LIMIT 1`;

/** The index gives the groups one after the other, and the conditions are held against what it has. */
const listing = (conditions: readonly string[]): string => `
  SELECT kind, flow, action, NULLIF(cause_attribute, '') AS attribute, cause, letters AS count, first AS firstDeadAt,
    last AS lastDeadAt, (${SAMPLE}) AS sample
  FROM (
    SELECT ${GROUP}, COUNT(*) AS letters, MIN(dead_at) AS first, MAX(dead_at) AS last
    FROM dead_letters FORCE INDEX (dead_letters_causes)
    WHERE ${["cause IS NOT NULL", ...conditions].join(" AND ")}
    GROUP BY ${GROUP} ORDER BY ${MOST_FIRST} LIMIT ?
  ) AS found
  ORDER BY ${MOST_FIRST}`;

export const listCauses = async (
  connection: Connection | Pool,
  { flow, action, kind, cause }: DeadLetterFilter,
  limit: number,
): Promise<readonly DeadLetterCause[]> => {
  const equal = Object.entries({ flow, action, kind, cause }).filter(
    (condition): condition is [string, string] => condition[1] !== undefined,
  );
  const rows = await connection.query<DeadLetterCause[]>(listing(equal.map(([column]) => `${column} = ?`)), [
    ...equal.map(([, value]) => value),
    limit,
  ]);
  return rows.map((row) => ({
    ...row,
    firstDeadAt: fromStoredTime(row.firstDeadAt),
    lastDeadAt: fromStoredTime(row.lastDeadAt),
  }));
};

const WITHOUT = "SELECT seq, reason, attribute FROM dead_letters WHERE cause IS NULL ORDER BY cause, seq LIMIT ?";
const FILL = "UPDATE dead_letters SET cause = ?, cause_attribute = ? WHERE seq = ? AND cause IS NULL";
const PART = 1_000;

/** In parts, of which each is kept. */
export const fillCauses = async (pool: Pool): Promise<void> => {
  for (;;) {
    const letters = await pool.query<{ seq: number; reason: string; attribute: string | null }[]>(WITHOUT, [PART]);
    if (letters.length === 0) return;
    await pool.batch(
      FILL,
      letters.map((letter) => [causeOf(letter.reason), causeAttribute(letter), letter.seq]),
    );
  }
};
