/**
 * Reading the event log.
 *
 * A filtered read looks at a bounded number of events and then returns with what it has and how far it came, so that
 * no statement runs for long, however rare what it seeks. Which events it looks at is decided by the part of the
 * filter that an index answers best; the rest of the filter is checked on their rows. Time bounds become position
 * bounds, since `recordedAt` never goes back along the log.
 *
 * Rows of the log never change, and none appears before one that was seen, so the statements of a read need no common
 * snapshot, nor does any transaction that is open elsewhere hold a reader up.
 */
import type { RecordedEvent } from "@sluice/contracts";
import type { EventFilter, ReadAllOptions, ReadPage, ReadStreamOptions } from "@sluice/domain";
import type { Pool, QueryResultRow } from "pg";
import { decodeEvent, type EventRow } from "./event-codec.ts";

/** Events that one filtered read looks at, at the most. */
const LOOK_LIMIT = 10_000;

/** Bytes of data after which a page ends before its limit, so that pages of large payloads fit in memory. */
const PAGE_BYTES = 16 * 1024 * 1024;

/** Types left out of the index `events_by_rare_type`; the condition must be repeated for the index to be used. */
const COMMON_TYPES = ["StoredAttribute", "MessageReceived", "EndpointForwarded"];
const IS_RARE = COMMON_TYPES.map((type) => `type <> '${type}'`).join(" AND ");

/** Positions, both inclusive. */
interface Range {
  readonly first: number;
  readonly last: number;
  readonly backwards: boolean;
}

interface Found {
  readonly events: readonly RecordedEvent[];
  /** Where the page became full; null when it did not. */
  readonly full: number | null;
}

const EMPTY: Found = { events: [], full: null };

export class EventLogReader {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Position of the last event; null when there is none. */
  async head(): Promise<number | null> {
    const [row] = await this.#query<{ position: string }>(
      "SELECT position FROM events ORDER BY position DESC LIMIT 1",
      [],
    );
    return row ? Number(row.position) : null;
  }

  async readAll({ after, limit, filter, direction }: ReadAllOptions): Promise<ReadPage> {
    const backwards = direction === "backwards";
    const from = after === undefined ? null : parsePosition(after);
    const head = (await this.head()) ?? 0;
    const whole: Range = backwards
      ? { first: 1, last: Math.min(head, (from ?? Number.POSITIVE_INFINITY) - 1), backwards }
      : { first: (from ?? 0) + 1, last: head, backwards };
    if (whole.first > whole.last) return { events: [], position: null, atEnd: true };

    const range = await this.#within(whole, filter);
    const end = backwards ? whole.first : whole.last;
    if (range.first > range.last) return { events: [], position: String(end), atEnd: true };
    const { events, full } = filter ? await this.#filtered(range, filter, limit) : await this.#scan(range, null, limit);
    // Nothing outside the time bounds matches, so a read that came to the end of the range came to the end of the log.
    const rangeEnd = backwards ? range.first : range.last;
    const position = full === null || full === rangeEnd ? end : full;
    return { events, position: String(position), atEnd: position === end };
  }

  async readStream(stream: string, { from, limit, direction }: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    const [comparison, order] = direction === "backwards" ? ["<=", "DESC"] : [">=", "ASC"];
    const first = from ?? (direction === "backwards" ? Number.MAX_SAFE_INTEGER : 1);
    const rows = await this.#query<EventRow>(
      `SELECT e.position, $1::text AS stream, e.version, e.recorded_at, e.schema_version, e.id, e.type, e.metadata, e.data
       FROM events AS e
       WHERE e.stream_id = (SELECT id FROM streams WHERE name = $1) AND e.version ${comparison} $2
       ORDER BY e.version ${order} LIMIT $3`,
      [stream, first, limit],
    );
    return rows.map(decodeEvent);
  }

  async #within(range: Range, { recordedFrom, recordedTo }: EventFilter = {}): Promise<Range> {
    const first = recordedFrom === undefined ? range.first : await this.#firstRecorded(range, instant(recordedFrom));
    const last =
      recordedTo === undefined ? range.last : (await this.#firstRecorded(range, instant(recordedTo) + 1)) - 1;
    return { ...range, first, last };
  }

  async #firstRecorded({ first, last }: Range, milliseconds: number): Promise<number> {
    const [row] = await this.#query<{ position: string }>("SELECT first_recorded($1, $2, $3) AS position", [
      first,
      last + 1,
      milliseconds,
    ]);
    return Number(row?.position);
  }

  async #filtered(range: Range, filter: EventFilter, limit: number): Promise<Found> {
    const positions = await this.#candidates(range, filter);
    if (positions !== null) {
      if (positions.length === 0) return EMPTY;
      const found = await this.#among(positions, filter, range.backwards, limit);
      if (found.full !== null || positions.length < LOOK_LIMIT) return found;
      return { ...found, full: positions.at(-1) as number };
    }
    const { first, last, backwards } = range;
    const window: Range = backwards
      ? { ...range, first: Math.max(first, last - LOOK_LIMIT + 1) }
      : { ...range, last: Math.min(last, first + LOOK_LIMIT - 1) };
    const found = await this.#scan(window, filter.types ?? null, limit);
    return { ...found, full: found.full ?? (backwards ? window.first : window.last) };
  }

  /** The range itself, in order. */
  #scan({ first, last, backwards }: Range, types: readonly string[] | null, limit: number): Promise<Found> {
    const condition = `e.position BETWEEN $2 AND $3${types ? " AND e.type = ANY ($4)" : ""}`;
    return this.#page(condition, backwards, limit, [first, last, ...(types ? [types] : [])]);
  }

  /** Those of the positions whose events match the filter. */
  #among(
    positions: readonly number[],
    { messageId, stream, flow, types }: EventFilter,
    backwards: boolean,
    limit: number,
  ): Promise<Found> {
    const condition = `e.position = ANY ($2) AND ($3::text IS NULL OR e.message_id = $3)
      AND ($4::text IS NULL OR s.name = $4) AND ($5::text IS NULL OR s.flow = $5)
      AND ($6::text[] IS NULL OR e.type = ANY ($6))`;
    const values = [positions, messageId ?? null, stream ?? null, flow ?? null, types ?? null];
    return this.#page(condition, backwards, limit, values);
  }

  /** `$1` is the limit. Data beyond the page's bytes is not sent; its size is known without reading it. */
  async #page(condition: string, backwards: boolean, limit: number, values: readonly unknown[]): Promise<Found> {
    const order = backwards ? "DESC" : "ASC";
    const rows = await this.#query<EventRow & { readonly data: string | null }>(
      `SELECT position, stream, version, recorded_at, schema_version, id, type, metadata,
         CASE WHEN before IS NULL OR before < ${PAGE_BYTES} THEN data END AS data
       FROM (
         SELECT *, sum(octet_length(data)) OVER (
           ORDER BY position ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
         FROM (
           SELECT e.*, s.name AS stream FROM events AS e JOIN streams AS s ON s.id = e.stream_id
           WHERE ${condition} ORDER BY e.position ${order} LIMIT $1
         ) AS found
       ) AS page
       ORDER BY position ${order}`,
      [limit, ...values],
    );
    const cut = rows.findIndex((row) => row.data === null);
    const events = (cut < 0 ? rows : rows.slice(0, cut)).map(decodeEvent);
    const full = cut >= 0 || rows.length === limit ? Number(events.at(-1)?.position) : null;
    return { events, full };
  }

  /**
   * The first `LOOK_LIMIT` positions in the range that can match, in reading order; fewer only when there are no more.
   * Null when no index narrows the filter down, so that the range itself is to be read.
   */
  async #candidates(
    { first, last, backwards }: Range,
    { messageId, stream, flow, types }: EventFilter,
  ): Promise<readonly number[] | null> {
    const order = backwards ? "DESC" : "ASC";
    const positions = async (text: string, value: unknown): Promise<readonly number[]> => {
      const rows = await this.#query<{ position: string }>(text, [first, last, LOOK_LIMIT, value]);
      return rows.map((row) => Number(row.position));
    };
    if (messageId !== undefined) {
      return positions(
        `WITH found AS MATERIALIZED (SELECT position FROM events WHERE message_id = $4)
         SELECT position FROM found WHERE position BETWEEN $1 AND $2 ORDER BY position ${order} LIMIT $3`,
        messageId,
      );
    }
    const inStreams = (column: "name" | "flow"): string =>
      `SELECT position FROM positions_in_streams(
         ARRAY(SELECT id FROM streams WHERE ${column} = $4), $1, $2, ${backwards}, $3) AS p (position)`;
    if (stream !== undefined) return positions(inStreams("name"), stream);
    if (types?.every((type) => !COMMON_TYPES.includes(type))) {
      return positions(
        `SELECT e.position FROM unnest($4::text[]) AS t (type) CROSS JOIN LATERAL (
           SELECT position FROM events WHERE type = t.type AND ${IS_RARE} AND position BETWEEN $1 AND $2
           ORDER BY position ${order} LIMIT $3
         ) AS e ORDER BY e.position ${order} LIMIT $3`,
        [...new Set(types)],
      );
    }
    return flow === undefined ? null : positions(inStreams("flow"), flow);
  }

  async #query<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return (await this.#pool.query<R>(text, [...values])).rows;
  }
}

/** A position of this store, which is a decimal integer. @throws RangeError on any other text */
export const parsePosition = (position: string): number => {
  if (!/^\d{1,15}$/.test(position)) throw new RangeError(`not a position of this event log: ${position}`);
  return Number(position);
};

const instant = (text: string): number => {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new RangeError(`not an instant: ${text}`);
  return milliseconds;
};
