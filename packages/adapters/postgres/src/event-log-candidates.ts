/** Which records a filtered read looks at: those that an index gives for the part of the filter that it answers best. */
import type { EventFilter } from "@sluice/domain";
import type { Pool } from "pg";

/** Types left out of the indexes on types; the condition must be repeated for them to be used. */
const COMMON_TYPES = ["StoredAttribute", "MessageReceived"];
const IS_INDEXED = COMMON_TYPES.map((type) => `type <> '${type}'`).join(" AND ");

/** The filter's types where an index has all of them. */
const indexedTypes = ({ types }: EventFilter): readonly string[] | null =>
  types?.every((type) => !COMMON_TYPES.includes(type)) ? [...new Set(types)] : null;

/** Whether every candidate matches, so that no more of them are needed than events are asked for. */
export const isAnswered = (filter: EventFilter): boolean => {
  const { messageId, stream, flow, types } = filter;
  if (messageId !== undefined) return stream === undefined && flow === undefined && types === undefined;
  return types === undefined || indexedTypes(filter) !== null;
};

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

/** `$4` is the stream and `$5` the flow. Written out, as one of them alone has an index. */
const streamsOf = ({ stream, flow }: EventFilter): string =>
  [
    ...(stream === undefined ? ["$4::text IS NULL"] : ["name = $4"]),
    ...(flow === undefined ? ["$5::text IS NULL"] : ["flow = $5"]),
  ].join(" AND ");

const inStreams = (filter: EventFilter, backwards: boolean): string =>
  `SELECT p.position FROM positions_in_streams(
     ARRAY(SELECT id FROM streams WHERE ${streamsOf(filter)}), ${START}, $2, ${backwards}, $3) AS p (position)`;

/** As `records_by_stream_type` has it. */
const STREAM_AND_TYPE = "(stream_id::text || '/' || type)";

/** These records have one event each. Rows are compared because only the index on both columns answers that. */
const byTypesInStreams = (filter: EventFilter, order: string): string =>
  `SELECT r.position
   FROM (SELECT id FROM streams WHERE ${streamsOf(filter)} AND first_position <= $2 OFFSET 0) AS s
   CROSS JOIN unnest($6::text[]) AS t (type)
   CROSS JOIN LATERAL (
     SELECT position FROM records
     WHERE (${STREAM_AND_TYPE}, position) >= (s.id::text || '/' || t.type, $1::bigint)
       AND (${STREAM_AND_TYPE}, position) <= (s.id::text || '/' || t.type, $2::bigint) AND ${IS_INDEXED}
     ORDER BY ${STREAM_AND_TYPE} ${order}, position ${order} LIMIT $3
   ) AS r ORDER BY r.position ${order} LIMIT $3`;

const byTypes = (order: string): string =>
  `SELECT r.position FROM unnest($4::text[]) AS t (type) CROSS JOIN LATERAL (
     SELECT position FROM records
     WHERE (type, position) >= (t.type, $1::bigint) AND (type, position) <= (t.type, $2::bigint) AND ${IS_INDEXED}
     ORDER BY type ${order}, position ${order} LIMIT $3
   ) AS r ORDER BY r.position ${order} LIMIT $3`;

/**
 * Positions of the first `count` records in the range that can match, in reading order; fewer only when there are no
 * more. Null when no index narrows the filter down, so that the range itself is to be read.
 */
export const candidates = async (
  pool: Pool,
  { first, last, backwards }: Range,
  filter: EventFilter,
  count: number,
): Promise<readonly number[] | null> => {
  const order = backwards ? "DESC" : "ASC";
  const { messageId, stream, flow } = filter;
  const positions = async (text: string, ...values: readonly unknown[]): Promise<readonly number[]> => {
    const { rows } = await pool.query<{ position: string }>(text, [first, last, count, ...values]);
    return rows.map((row) => Number(row.position));
  };
  if (messageId !== undefined) return positions(byMessage(order), messageId);
  const types = indexedTypes(filter);
  if (stream !== undefined || flow !== undefined) {
    const of = [stream ?? null, flow ?? null];
    return types === null
      ? positions(inStreams(filter, backwards), ...of)
      : positions(byTypesInStreams(filter, order), ...of, types);
  }
  return types === null ? null : positions(byTypes(order), types);
};
