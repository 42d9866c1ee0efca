/** Dead letters by cause: the list of causes, and filling in the cause of letters that were there before it was kept. */
import type { DeadLetterCause } from "@sluice/contracts";
import { causeAttribute, causeOf, type DeadLetterFilter } from "@sluice/domain";
import type { Pool } from "pg";
import { isStorable, storableText } from "./projection-store-text.ts";
import { fromStoredTime } from "./projection-store-time.ts";

/** `bigint` comes as text. */
interface StoredCause extends Omit<DeadLetterCause, "count"> {
  readonly count: string;
}

const GROUP = "cause, flow, action, kind, cause_attribute";
const MOST_FIRST = `letters DESC, ${GROUP}`;
const SAMPLE = `SELECT id FROM sluice_dead_letters AS letter
  WHERE letter.cause = found.cause AND letter.flow = found.flow AND letter.action = found.action
    AND letter.kind = found.kind AND letter.cause_attribute = found.cause_attribute AND letter.dead_at = found.last
  ORDER BY letter.seq DESC LIMIT 1`;

/** The index gives the groups one after the other, and the conditions are held against what it has. */
const listing = (conditions: readonly string[]): string => `
  SELECT kind, flow, action, nullif(cause_attribute, '') AS attribute, cause, letters AS count,
    first::text AS "firstDeadAt", last::text AS "lastDeadAt", (${SAMPLE}) AS sample
  FROM (
    SELECT ${GROUP}, count(*) AS letters, min(dead_at) AS first, max(dead_at) AS last
    FROM sluice_dead_letters WHERE ${["cause IS NOT NULL", ...conditions].join(" AND ")}
    GROUP BY ${GROUP} ORDER BY ${MOST_FIRST} LIMIT $1
  ) AS found
  ORDER BY ${MOST_FIRST}`;

export const listCauses = async (
  pool: Pool,
  { flow, action, kind, cause }: DeadLetterFilter,
  limit: number,
): Promise<readonly DeadLetterCause[]> => {
  const equal = Object.entries({ flow, action, kind, cause }).filter(
    (condition): condition is [string, string] => condition[1] !== undefined,
  );
  if (!equal.every(([, value]) => isStorable(value))) return [];
  const { rows } = await pool.query<StoredCause>(listing(equal.map(([column], index) => `${column} = $${index + 2}`)), [
    limit,
    ...equal.map(([, value]) => value),
  ]);
  return rows.map((row) => ({
    ...row,
    count: Number(row.count),
    firstDeadAt: fromStoredTime(row.firstDeadAt),
    lastDeadAt: fromStoredTime(row.lastDeadAt),
  }));
};

const WITHOUT = `SELECT seq, reason, attribute, exact FROM sluice_dead_letters
  WHERE cause IS NULL ORDER BY cause, seq LIMIT $1`;
const FILL = `UPDATE sluice_dead_letters AS letter SET cause = filled.cause, cause_attribute = filled.attribute
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS filled (seq, cause, attribute)
  WHERE letter.seq = filled.seq AND letter.cause IS NULL`;
const PART = 5_000;

/** In parts, of which each is kept. */
export const fillCauses = async (pool: Pool): Promise<void> => {
  for (;;) {
    const { rows } = await pool.query<{ seq: string; reason: string; attribute: string | null; exact: string | null }>(
      WITHOUT,
      [PART],
    );
    if (rows.length === 0) return;
    const letters = rows.map(({ exact, ...letter }): typeof letter => ({
      ...letter,
      ...(exact === null ? {} : (JSON.parse(exact) as Pick<typeof letter, "attribute" | "reason">)),
    }));
    await pool.query(FILL, [
      letters.map(({ seq }) => seq),
      letters.map(({ reason }) => causeOf(reason)),
      letters.map((letter) => storableText(causeAttribute(letter))),
    ]);
  }
};
