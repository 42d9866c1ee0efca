/**
 * Reading the event log.
 *
 * A filtered read looks at a bounded number of records and then returns with what it has and how far it came, so that
 * no statement runs for long, however rare what it seeks. Which records it looks at is decided by the part of the
 * filter that an index answers best (`event-log-candidates.ts`); the rest of the filter is checked on their rows. Time
 * bounds become position bounds, since `recordedAt` never goes back along the log.
 *
 * Rows of the log never change, and none appears before one that was seen, so the statements of a read need no common
 * snapshot, nor does any transaction that is open elsewhere hold a reader up.
 */
import type { RecordedEvent } from "@sluice/contracts";
import type { EventFilter, ReadAllOptions, ReadPage, ReadStreamOptions } from "@sluice/domain";
import type { Pool, QueryResultRow } from "pg";
import { candidates, isAnswered, type Range } from "./event-log-candidates.ts";
import { FOLLOWING_TYPE, RECORD_EVENTS } from "./event-record.ts";
import { EventPage, type RecordRow, type Wanted } from "./event-rows.ts";

/** Records that one filtered read looks at, at the most. */
const LOOK_LIMIT = 10_000;

/** Positions that one read of a range looks at where every record may have several events that match. */
const DENSE_LOOK_LIMIT = 1_000;

/** Bytes of data after which a page ends before its limit, so that pages of large payloads fit in memory. */
const PAGE_BYTES = 16 * 1024 * 1024;

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
    const [row] = await this.#query<{ head: string }>(
      "SELECT position + count - 1 AS head FROM records ORDER BY position DESC LIMIT 1",
      [],
      "head",
    );
    return row ? Number(row.head) : null;
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
    const { events, full } = await this.#filtered(range, filter ?? {}, limit);
    // Nothing outside the time bounds matches, so a read that came to the end of the range came to the end of the log.
    const rangeEnd = backwards ? range.first : range.last;
    const position = full === null || full === rangeEnd ? end : full;
    return { events, position: String(position), atEnd: position === end };
  }

  async readStream(stream: string, { from, limit, direction }: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    const backwards = direction === "backwards";
    const first = backwards ? 1 : Math.max(from ?? 1, 1);
    const last = backwards ? (from ?? Number.MAX_SAFE_INTEGER) : Math.min(first + limit - 1, Number.MAX_SAFE_INTEGER);
    const rows = await this.#query<RecordRow>(
      `WITH named AS MATERIALIZED (SELECT id FROM streams WHERE name = $1)
       SELECT r.*, $1::text AS stream FROM records AS r
       WHERE r.stream_id = (SELECT id FROM named) AND r.version <= $3 AND r.version >= coalesce((
         SELECT version FROM records WHERE stream_id = (SELECT id FROM named) AND version <= $2
         ORDER BY version DESC LIMIT 1), 1)
       ORDER BY r.version ${backwards ? "DESC" : "ASC"} LIMIT $4::bigint + 1`,
      [stream, first, last, limit],
    );
    const page = new EventPage(limit, { first, last, backwards, by: "version" });
    for (const row of rows) page.add(row);
    return page.events;
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
    const { messageId, stream, flow, types } = filter;
    const count = isAnswered(filter) ? Math.min(limit, LOOK_LIMIT) : LOOK_LIMIT;
    const positions = await candidates(this.#pool, range, filter, count);
    if (positions === null) return this.#scan(range, types, limit);
    if (positions.length === 0) return EMPTY;
    const condition = `r.position = ANY ($2) AND ($3::text IS NULL OR r.message_id = $3)
      AND ($4::text IS NULL OR s.name = $4) AND ($5::text IS NULL OR s.flow = $5)`;
    const values = [positions, messageId ?? null, stream ?? null, flow ?? null];
    const found = await this.#page(condition, values, range, types, limit);
    if (found.full !== null || positions.length < count) return found;
    const looked = positions.at(-1) as number;
    // Reading forwards, that is where the last record starts, and it has been looked at to its end.
    const next = range.backwards ? looked : await this.#recordEnd(looked);
    return { ...found, full: range.backwards ? Math.max(next, range.first) : Math.min(next, range.last) };
  }

  async #recordEnd(position: number): Promise<number> {
    const [row] = await this.#query<{ last: string }>(
      "SELECT position + count - 1 AS last FROM records WHERE position = $1",
      [position],
    );
    return Number(row?.last);
  }

  /** The range itself, in order, or what of it one read looks at. */
  async #scan(range: Range, types: readonly string[] | undefined, limit: number): Promise<Found> {
    const { first, last, backwards } = range;
    let length = limit;
    if (types) length = types.includes(FOLLOWING_TYPE) ? Math.max(limit, DENSE_LOOK_LIMIT) : LOOK_LIMIT;
    const window: Range = backwards
      ? { ...range, first: Math.max(first, last - length + 1) }
      : { ...range, last: Math.min(last, first + length - 1) };
    const condition = `r.position BETWEEN
      (SELECT position FROM records WHERE position <= $2 ORDER BY position DESC LIMIT 1) AND $3`;
    const found = await this.#page(condition, [window.first, window.last], window, types, limit, "scan");
    return { ...found, full: found.full ?? (backwards ? window.first : window.last) };
  }

  /**
   * The events of the records that meet the condition, as far as they lie in the range and are of the types. `$1` is
   * the limit. Data beyond the page's bytes is not sent; its size is known without reading it. Nor are the records
   * after as many events as are asked for, or those parts of a record that the types leave out. Of the first record,
   * which may lie across the range's bound, perhaps no event counts: hence one more, and as many events as it may have.
   *
   * @param name given where the condition is always the same
   */
  async #page(
    condition: string,
    values: readonly unknown[],
    range: Range,
    types: readonly string[] | undefined,
    limit: number,
    name?: string,
  ): Promise<Found> {
    const order = range.backwards ? "DESC" : "ASC";
    const wanted: Wanted = { ...range, by: "position", types: types && new Set(types) };
    const attributesWanted = wanted.types?.has(FOLLOWING_TYPE) ?? true;
    const firstWanted = types ? `r.type = ANY ($${values.length + 2})` : "true";
    const rows = await this.#query<RecordRow & { readonly cut: boolean }>(
      `SELECT position, version, count, stream, recorded_at, schema_version, id, type, message_id, metadata,
         bytes_before >= ${PAGE_BYTES} AS cut,
         CASE WHEN bytes_before < ${PAGE_BYTES} THEN data END AS data,
         CASE WHEN bytes_before < ${PAGE_BYTES} THEN attributes END AS attributes
       FROM (
         SELECT *,
           coalesce(sum(coalesce(octet_length(data), 0) + coalesce(octet_length(attributes), 0)) OVER before, 0)
             AS bytes_before,
           coalesce(sum(events) OVER before, 0) AS events_before
         FROM (
           SELECT r.position, r.version, r.count, s.name AS stream, r.recorded_at, r.schema_version, r.id, r.type,
             r.message_id, r.metadata,
             CASE WHEN ${firstWanted} THEN r.data END AS data,
             ${attributesWanted ? "r.attributes" : "NULL::text AS attributes"},
             (${firstWanted})::integer ${attributesWanted ? "+ r.count - 1" : ""} AS events
           -- Lateral, and kept so by OFFSET, lest a plan should start from a stream and read all its records.
           FROM records AS r
           CROSS JOIN LATERAL (SELECT name, flow FROM streams WHERE id = r.stream_id OFFSET 0) AS s
           WHERE ${condition} AND (${firstWanted} ${attributesWanted ? "OR r.count > 1" : ""})
           ORDER BY r.position ${order} LIMIT $1::bigint + 1
         ) AS found
         WINDOW before AS (ORDER BY position ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
       ) AS page
       WHERE events_before < $1 + ${RECORD_EVENTS}
       ORDER BY position ${order}`,
      [limit, ...values, ...(types ? [types] : [])],
      name && `${name} ${order} ${types ? "of types" : "of all"}${attributesWanted ? " with attributes" : ""}`,
    );
    const page = new EventPage(limit, wanted);
    for (const row of rows) {
      if (page.full) break;
      const position = Number(row.position);
      if (row.cut) return { events: page.events, full: range.backwards ? position + row.count : position - 1 };
      page.add(row);
    }
    return { events: page.events, full: page.full ? page.lastPosition : null };
  }

  /** @param name of a statement that is to be planned once: what a subscriber asks for every few milliseconds */
  async #query<R extends QueryResultRow>(text: string, values: readonly unknown[], name?: string): Promise<R[]> {
    const { rows } = await this.#pool.query<R>({ text, values: [...values], ...(name ? { name } : {}) });
    return rows;
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
