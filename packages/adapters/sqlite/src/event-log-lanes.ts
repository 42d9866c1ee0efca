/**
 * Which records a filter has to look at, found through an index: positions in reading order, without their rows.
 *
 * A lane is a sequence of positions that one index gives in order: the records of a message, of a stream, of a type, of
 * a type in a stream. A flow is one lane a stream; streams whose first and last position lie outside the range are not
 * touched.
 */
import type { EventFilter } from "@sluice/domain";
import type { StatementCache } from "./statement-cache.ts";

/** Positions, both inclusive. */
export interface Range {
  readonly first: number;
  /** Of the record that `first` lies in. */
  readonly start: number;
  readonly last: number;
  readonly backwards: boolean;
}

/** Types left out of the indexes on types; the condition must be repeated for SQLite to use them. */
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

/**
 * The positions of the first `count` records in the range that can match, in reading order; fewer only when there are no
 * more. Null when no index narrows the filter down, so that the range itself is to be read.
 */
export const candidates = (
  statements: StatementCache,
  filter: EventFilter,
  range: Range,
  count: number,
): readonly number[] | null => {
  const { messageId, stream, flow } = filter;
  if (messageId !== undefined) return positions(statements, "message_id = ?", [messageId], range, count);
  const types = indexedTypes(filter);
  if (stream !== undefined || flow !== undefined) return ofStreams(statements, filter, types, range, count);
  if (types === null) return null;
  const lanes = types.map((type) => positions(statements, `type = ? AND ${IS_INDEXED}`, [type], range, count));
  return merge(lanes.flat(), range, count);
};

/** Position of the record that an event lies in; 0 before the first. */
export const recordAt = (statements: StatementCache, position: number): number => {
  const record = statements.prepare("SELECT position FROM records WHERE position <= ? ORDER BY position DESC LIMIT 1");
  return (record.get(position) as { position: number } | undefined)?.position ?? 0;
};

/** The first position in the range that was recorded at the instant (milliseconds since the epoch) or later. */
export const firstAtOrAfter = (
  statements: StatementCache,
  { first, last }: Pick<Range, "first" | "last">,
  instant: number,
): number => {
  const recordedAt = statements.prepare(
    "SELECT recorded_at AS recordedAt FROM records WHERE position <= ? ORDER BY position DESC LIMIT 1",
  );
  return search(
    first,
    last + 1,
    (position) => (recordedAt.get(position) as { recordedAt: number }).recordedAt >= instant,
  );
};

const positions = (
  statements: StatementCache,
  condition: string,
  values: readonly (string | number)[],
  range: Range,
  count: number,
): number[] =>
  statements
    .prepare(
      `SELECT position FROM records WHERE ${condition} AND position BETWEEN ? AND ?
       ORDER BY position${range.backwards ? " DESC" : ""} LIMIT ?`,
    )
    .all(...values, range.start, range.last, count)
    .map((row) => row.position as number);

interface StreamRow {
  readonly id: number;
  readonly version: number;
  readonly first: number;
  readonly last: number;
}

const ofStreams = (
  statements: StatementCache,
  { stream: name, flow }: EventFilter,
  types: readonly string[] | null,
  range: Range,
  count: number,
): readonly number[] => {
  const conditions = [...(name === undefined ? [] : ["name = ?"]), ...(flow === undefined ? [] : ["flow = ?"])];
  const values = [name, flow].filter((value) => value !== undefined);
  const streams = statements
    .prepare(
      `SELECT id, version, first_position AS first, last_position AS last FROM streams
       WHERE ${conditions.join(" AND ")} AND first_position <= ? AND last_position >= ?
       ORDER BY ${range.backwards ? "last_position DESC" : "first_position"}`,
    )
    .all(...values, range.last, range.start) as unknown as StreamRow[];
  let found: number[] = [];
  for (const stream of streams) {
    const farthest = found.length < count ? undefined : (found.at(-1) as number);
    // The streams that follow begin even farther away.
    if (farthest !== undefined && (range.backwards ? stream.last < farthest : stream.first > farthest)) break;
    const more =
      types === null
        ? ofStream(statements, stream, range, count)
        : types.flatMap((type) =>
            positions(statements, `stream_id = ? AND type = ? AND ${IS_INDEXED}`, [stream.id, type], range, count),
          );
    if (more.length > 0) found = merge([...found, ...more], range, count);
  }
  return found;
};

/** Versions and positions of a stream rise together, so position bounds become version bounds by binary search. */
const ofStream = (statements: StatementCache, stream: StreamRow, range: Range, count: number): number[] => {
  const byVersion = statements.prepare(
    `SELECT position, version FROM records WHERE stream_id = ? AND version <= ? ORDER BY version DESC LIMIT 1`,
  );
  const firstFrom = (position: number): number =>
    search(1, stream.version + 1, (version) => {
      const record = byVersion.get(stream.id, version) as { position: number; version: number };
      return record.position + version - record.version >= position;
    });
  const first = stream.first >= range.start ? 1 : firstFrom(range.start);
  const last = stream.last <= range.last ? stream.version : firstFrom(range.last + 1) - 1;
  return statements
    .prepare(
      `SELECT position FROM records WHERE stream_id = ? AND version BETWEEN ? AND ?
       ORDER BY version${range.backwards ? " DESC" : ""} LIMIT ?`,
    )
    .all(stream.id, first, last, count)
    .map((row) => row.position as number);
};

const merge = (found: number[], { backwards }: Range, count: number): number[] =>
  found.sort((a, b) => (backwards ? b - a : a - b)).slice(0, count);

/** The least integer from `low` on, below `high`, for which the monotone `holds` is true; `high` when there is none. */
const search = (low: number, high: number, holds: (candidate: number) => boolean): number => {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};
