/**
 * Reading the event log, synchronously, on one connection.
 *
 * A filtered read looks at a bounded number of records and then returns with what it has and how far it came, so that
 * no reader holds its thread for long, however rare what it seeks. Which records it looks at is decided by the part of
 * the filter that an index answers best (`event-log-lanes.ts`); the rest of the filter is checked on their rows. Time
 * bounds become position bounds, since `recordedAt` never goes back along the log.
 */
import type { DatabaseSync } from "node:sqlite";
import type { EntryOptions, EventFilter, ReadAllOptions, ReadStreamOptions } from "@sluice/domain";
import { type EncodedPage, FOLLOWING_TYPE } from "./event-codec.ts";
import { ENTRY_ROW, type EncodedEntries, type EntryRow, RecordEntries } from "./event-log-entries.ts";
import { candidates, firstAtOrAfter, isAnswered, type Range, recordAt } from "./event-log-lanes.ts";
import { EventRows, type RecordRow, type RecordRowAndKeys, ROW, rowAndKeys } from "./event-log-rows.ts";
import { StatementCache } from "./statement-cache.ts";

/** Records that one filtered read looks at, at the most: some 100 ms of work where none of them matches. */
const LOOK_LIMIT = 10_000;

/** Characters of data after which a page ends before its limit, so that pages of large payloads fit in memory. */
const PAGE_CHARACTERS = 16 * 1024 * 1024;
/** The same of entries, for which the room is kept from page to page. */
const PAGE_ENTRY_BYTES = 4 * 1024 * 1024;

export class EventLogReader {
  readonly #statements: StatementCache;
  readonly #entries = new RecordEntries(PAGE_ENTRY_BYTES);

  constructor(database: DatabaseSync) {
    this.#statements = new StatementCache(database);
  }

  /** Position of the last event; null when there is none. */
  head(): number | null {
    const row = this.#statements
      .prepare("SELECT position + count - 1 AS head FROM records WHERE position = (SELECT max(position) FROM records)")
      .get();
    return (row as { head: number } | undefined)?.head ?? null;
  }

  readAll({ after, limit, filter, direction }: ReadAllOptions): EncodedPage {
    const head = this.head() ?? 0;
    const backwards = direction === "backwards";
    const from = after === undefined ? null : parsePosition(after);
    const whole = backwards
      ? { first: 1, last: Math.min(head, (from ?? Number.POSITIVE_INFINITY) - 1) }
      : { first: (from ?? 0) + 1, last: head };
    if (whole.first > whole.last) return { events: "[]", position: null, atEnd: true };

    const range = this.#within(whole, backwards, filter);
    const rows = new EventRows(limit, PAGE_CHARACTERS, backwards);
    const looked = filter === undefined ? this.#scan(range, undefined, rows) : this.#filtered(range, filter, rows);
    // Nothing outside the time bounds matches, so a read that came to the end of the range came to the end of the log.
    const end = backwards ? whole.first : whole.last;
    const position = looked ?? end;
    return { events: rows.toString(), position, atEnd: position === end };
  }

  readEntries({ after, limit }: EntryOptions): EncodedEntries {
    const head = this.head() ?? 0;
    const first = (after === undefined ? 0 : parsePosition(after)) + 1;
    const entries = this.#entries;
    entries.begin(limit);
    if (first > head) return { ...entries.take(), position: null, atEnd: true };
    const statement = this.#statements.prepare(`${ENTRY_ROW} WHERE r.position BETWEEN ? AND ? ORDER BY r.position`);
    statement.setReturnArrays(true);
    for (const row of statement.iterate(recordAt(this.#statements, first), head)) {
      entries.add(row as unknown as EntryRow, first);
      if (entries.full) break;
    }
    const { full } = entries;
    const page = entries.take();
    const position = full ? (page.positions.at(-1) as number) : head;
    return { ...page, position, atEnd: position === head };
  }

  /** A JSON array of `PageRecord`s with the stream's events. */
  readStream(stream: string, { from, limit, direction }: ReadStreamOptions): string {
    const backwards = direction === "backwards";
    const rows = new EventRows(limit, Number.POSITIVE_INFINITY, backwards);
    // The record that holds the version, or the nearest one before it.
    const holding = this.#statements.prepare(
      `SELECT r.position, r.version, r.count FROM records AS r JOIN streams AS s ON s.id = r.stream_id
       WHERE s.name = ? AND r.version <= ? ORDER BY r.version DESC LIMIT 1`,
    );
    const version = from ?? (backwards ? Number.MAX_SAFE_INTEGER : 1);
    const held = holding.get(stream, backwards ? version : Math.max(version, 1)) as
      | { position: number; version: number; count: number }
      | undefined;
    if (held === undefined || (!backwards && version >= held.version + held.count)) return rows.toString();
    const position = held.position + Math.max(version - held.version, 0);
    const statement = this.#statements.prepare(
      backwards
        ? `${ROW} WHERE s.name = ? AND r.version <= ? ORDER BY r.version DESC`
        : `${ROW} WHERE s.name = ? AND r.version >= ? ORDER BY r.version`,
    );
    const [first, last] = backwards ? [1, position] : [position, Number.MAX_SAFE_INTEGER];
    for (const row of statement.iterate(stream, held.version)) {
      rows.add(row as unknown as RecordRow, first, last);
      if (rows.full) break;
    }
    return rows.toString();
  }

  #within(whole: Pick<Range, "first" | "last">, backwards: boolean, filter: EventFilter | undefined): Range {
    const { recordedFrom, recordedTo } = filter ?? {};
    const first =
      recordedFrom === undefined ? whole.first : firstAtOrAfter(this.#statements, whole, instant(recordedFrom));
    const last =
      recordedTo === undefined ? whole.last : firstAtOrAfter(this.#statements, whole, instant(recordedTo) + 1) - 1;
    return { first, start: recordAt(this.#statements, first), last, backwards };
  }

  /** @returns the last position looked at; null: the range was looked at to its end */
  #filtered(range: Range, filter: EventFilter, rows: EventRows): number | null {
    const { types } = filter;
    const count = isAnswered(filter) ? Math.min(rows.limit, LOOK_LIMIT) : LOOK_LIMIT;
    const positions = candidates(this.#statements, filter, range, count);
    if (positions === null) {
      const { first, last, backwards } = range;
      const low = backwards ? Math.max(first, last - LOOK_LIMIT + 1) : first;
      const high = backwards ? last : Math.min(last, first + LOOK_LIMIT - 1);
      const start = low === first ? range.start : recordAt(this.#statements, low);
      const looked = this.#scan({ first: low, start, last: high, backwards }, types, rows);
      if (looked !== null) return looked;
      if (backwards) return low === first ? null : low;
      return high === last ? null : high;
    }
    const matches = matcher(filter);
    const wanted = types && new Set<string>(types);
    const statement = this.#statements.prepare(`${rowAndKeys(wanted)} WHERE r.position = ?`);
    let looked = 0;
    for (const position of positions) {
      if (rows.full) return rows.lastPosition;
      const row = statement.get(position) as unknown as RecordRowAndKeys;
      if (matches(row)) rows.add(row, range.first, range.last, wanted);
      looked = range.backwards ? Math.max(position, range.first) : Math.min(position + row.count - 1, range.last);
    }
    if (rows.full) return rows.lastPosition;
    return positions.length < count ? null : looked;
  }

  /** The range itself, in order. @returns the last position given when the page is full, null when the range ended */
  #scan(
    { first, start, last, backwards }: Range,
    types: readonly string[] | undefined,
    rows: EventRows,
  ): number | null {
    const wanted = types && new Set(types);
    const follows = wanted?.has(FOLLOWING_TYPE) ? " OR r.count > 1" : "";
    const statement = this.#statements.prepare(
      `${wanted ? rowAndKeys(wanted) : ROW} WHERE r.position BETWEEN ? AND ?
       ${types ? `AND (r.type IN (SELECT value FROM json_each(?))${follows})` : ""}
       ORDER BY r.position${backwards ? " DESC" : ""}`,
    );
    for (const row of statement.iterate(start, last, ...(types ? [JSON.stringify(types)] : []))) {
      if (rows.full) return rows.lastPosition;
      rows.add(row as unknown as RecordRow, first, last, wanted);
    }
    return rows.full ? rows.lastPosition : null;
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

/** Whether some event of the record can match: types are looked at event by event. */
const matcher =
  (filter: EventFilter): ((row: RecordRowAndKeys) => boolean) =>
  (row) =>
    (filter.messageId === undefined || row.messageId === filter.messageId) &&
    (filter.stream === undefined || row.stream === filter.stream) &&
    (filter.flow === undefined || row.flow === filter.flow);
