/** Which records a filtered read looks at: those that an index gives for the part of the filter that it answers best. */
import type { EventFilter } from "@sluice/domain";
import type { Pool } from "pg";

/** Types left out of the index `records_by_rare_type`; the condition must be repeated for the index to be used. */
const COMMON_TYPES = ["StoredAttribute", "MessageReceived", "EndpointForwarded"];
const IS_RARE = COMMON_TYPES.map((type) => `type <> '${type}'`).join(" AND ");

/** Positions, both inclusive. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly backwards: boolean;
}

/** `$1` and `$2` are the range, of which the first position may lie within a record. */
const START = "(SELECT position FROM records WHERE position <= $1 ORDER BY position DESC LIMIT 1)";

const byMessage = (order: string): string =>
  `WITH found AS MATERIALIZED (SELECT position FROM records WHERE message_id = $4)
   SELECT position FROM found WHERE position BETWEEN ${START} AND $2 ORDER BY position ${order} LIMIT $3`;

const inStreams = (column: "name" | "flow", backwards: boolean): string =>
  `SELECT p.position FROM positions_in_streams(
     ARRAY(SELECT id FROM streams WHERE ${column} = $4), ${START}, $2, ${backwards}, $3) AS p (position)`;

/** These records have one event each. Rows are compared because only the index on both columns answers that. */
const byRareTypes = (order: string): string =>
  `SELECT r.position FROM unnest($4::text[]) AS t (type) CROSS JOIN LATERAL (
     SELECT position FROM records
     WHERE (type, position) >= (t.type, $1::bigint) AND (type, position) <= (t.type, $2::bigint) AND ${IS_RARE}
     ORDER BY type ${order}, position ${order} LIMIT $3
   ) AS r ORDER BY r.position ${order} LIMIT $3`;

/**
 * Positions of the first `count` records in the range that can match, in reading order; fewer only when there are no
 * more. Null when no index narrows the filter down, so that the range itself is to be read.
 */
export const candidates = async (
  pool: Pool,
  { first, last, backwards }: Range,
  { messageId, stream, flow, types }: EventFilter,
  count: number,
): Promise<readonly number[] | null> => {
  const order = backwards ? "DESC" : "ASC";
  const positions = async (text: string, value: unknown): Promise<readonly number[]> => {
    const { rows } = await pool.query<{ position: string }>(text, [first, last, count, value]);
    return rows.map((row) => Number(row.position));
  };
  if (messageId !== undefined) return positions(byMessage(order), messageId);
  if (stream !== undefined) return positions(inStreams("name", backwards), stream);
  if (types?.every((type) => !COMMON_TYPES.includes(type))) return positions(byRareTypes(order), [...new Set(types)]);
  return flow === undefined ? null : positions(inStreams("flow", backwards), flow);
};
