/**
 * Reading the event log, synchronously, on one connection.
 *
 * A filtered read looks at a bounded number of events and then returns with what it has and how far it came, so that
 * no reader holds its thread for long, however rare what it seeks. Which events it looks at is decided by the part of
 * the filter that an index answers best (`event-log-lanes.ts`); the rest of the filter is checked on their rows. Time
 * bounds become position bounds, since `recordedAt` never goes back along the log.
 */
import type { DatabaseSync } from "node:sqlite";
import type { EventFilter, ReadAllOptions, ReadStreamOptions } from "@sluice/domain";
import type { EncodedPage } from "./event-codec.ts";
import { candidates, firstAtOrAfter, type Range } from "./event-log-lanes.ts";
import { type EventRow, type EventRowAndKeys, EventRows, ROW, ROW_AND_KEYS } from "./event-log-rows.ts";
import { StatementCache } from "./statement-cache.ts";

/** Events that one filtered read looks at, at the most: some 10 ms of work. */
const LOOK_LIMIT = 10_000;

/** Characters of data after which a page ends before its limit, so that pages of large payloads fit in memory. */
const PAGE_CHARACTERS = 16 * 1024 * 1024;

export class EventLogReader {
  readonly #statements: StatementCache;

  constructor(database: DatabaseSync) {
    this.#statements = new StatementCache(database);
  }

  /** Position of the last event; null when there is none. */
  head(): number | null {
    const row = this.#statements.prepare("SELECT max(position) AS head FROM events").get() as { head: number | null };
    return row.head;
  }

  readAll({ after, limit, filter, direction }: ReadAllOptions): EncodedPage {
    const head = this.head() ?? 0;
    const backwards = direction === "backwards";
    const from = after === undefined ? null : parsePosition(after);
    const whole: Range = backwards
      ? { first: 1, last: Math.min(head, (from ?? Number.POSITIVE_INFINITY) - 1), backwards }
      : { first: (from ?? 0) + 1, last: head, backwards };
    if (whole.first > whole.last) return { events: "[]", position: null, atEnd: true };

    const range = this.#within(whole, filter);
    const rows = new EventRows(limit, PAGE_CHARACTERS);
    const looked = filter === undefined ? this.#scan(range, undefined, rows) : this.#filtered(range, filter, rows);
    // Nothing outside the time bounds matches, so a read that came to the end of the range came to the end of the log.
    const end = backwards ? whole.first : whole.last;
    const position = looked ?? end;
    return { events: rows.toString(), position, atEnd: position === end };
  }

  /** A JSON array of the stream's events. */
  readStream(stream: string, { from, limit, direction }: ReadStreamOptions): string {
    const rows = new EventRows(limit, Number.POSITIVE_INFINITY);
    const statement =
      direction === "backwards"
        ? this.#statements.prepare(`${ROW} WHERE s.name = ? AND e.version <= ? ORDER BY e.version DESC LIMIT ?`)
        : this.#statements.prepare(`${ROW} WHERE s.name = ? AND e.version >= ? ORDER BY e.version LIMIT ?`);
    const first = from ?? (direction === "backwards" ? Number.MAX_SAFE_INTEGER : 1);
    for (const row of statement.iterate(stream, first, limit)) rows.add(row as unknown as EventRow);
    return rows.toString();
  }

  #within(range: Range, filter: EventFilter | undefined): Range {
    const { recordedFrom, recordedTo } = filter ?? {};
    const first =
      recordedFrom === undefined ? range.first : firstAtOrAfter(this.#statements, range, instant(recordedFrom));
    const last =
      recordedTo === undefined ? range.last : firstAtOrAfter(this.#statements, range, instant(recordedTo) + 1) - 1;
    return { first, last, backwards: range.backwards };
  }

  /** @returns the last position looked at; null: the range was looked at to its end */
  #filtered(range: Range, filter: EventFilter, rows: EventRows): number | null {
    const { messageId, stream, flow, types } = filter;
    const parts = [messageId, stream, flow, types].filter((part) => part !== undefined).length;
    // Where the index answers the whole filter, all that it finds is given.
    const count = parts === 1 ? Math.min(rows.limit, LOOK_LIMIT) : LOOK_LIMIT;
    const positions = candidates(this.#statements, filter, range, count);
    if (positions === null) {
      const { first, last, backwards } = range;
      const window: Range = backwards
        ? { ...range, first: Math.max(first, last - LOOK_LIMIT + 1) }
        : { ...range, last: Math.min(last, first + LOOK_LIMIT - 1) };
      const looked = this.#scan(window, types, rows);
      if (looked !== null) return looked;
      if (backwards) return window.first === first ? null : window.first;
      return window.last === last ? null : window.last;
    }
    const matches = matcher(filter);
    const statement = this.#statements.prepare(`${ROW_AND_KEYS} WHERE e.position = ?`);
    for (const position of positions) {
      if (rows.full) return rows.lastPosition;
      const row = statement.get(position) as unknown as EventRowAndKeys;
      if (matches(row)) rows.add(row);
    }
    return positions.length < count ? null : (positions.at(-1) as number);
  }

  /** The range itself, in order. @returns the last position given when the page is full, null when the range ended */
  #scan({ first, last, backwards }: Range, types: readonly string[] | undefined, rows: EventRows): number | null {
    const statement = this.#statements.prepare(
      `${ROW} WHERE e.position BETWEEN ? AND ?${types ? " AND e.type IN (SELECT value FROM json_each(?))" : ""}
       ORDER BY e.position${backwards ? " DESC" : ""}`,
    );
    for (const row of statement.iterate(first, last, ...(types ? [JSON.stringify(types)] : []))) {
      if (rows.full) return rows.lastPosition;
      rows.add(row as unknown as EventRow);
    }
    return null;
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

const matcher = (filter: EventFilter): ((row: EventRowAndKeys) => boolean) => {
  const types = filter.types && new Set<string>(filter.types);
  return (row) =>
    (filter.messageId === undefined || row.messageId === filter.messageId) &&
    (filter.stream === undefined || row.stream === filter.stream) &&
    (filter.flow === undefined || row.flow === filter.flow) &&
    (types === undefined || types.has(row.type));
};
