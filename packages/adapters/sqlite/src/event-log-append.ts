/**
 * Appending to the event log, synchronously, on one connection.
 *
 * All appends of a call share one transaction, and with it one fsync, yet succeed or fail each by itself. Heads and
 * versions are read inside the transaction, so any number of connections may append to the same file.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import {
  type AppendResult,
  EventRejected,
  type ExpectedVersion,
  parseStream,
  WrongExpectedVersion,
} from "@sluice/domain";
import { isDataError, transact } from "./connection.ts";
import { CELLS, type Cell, type EncodedAppend, idsOf } from "./event-codec.ts";

export type AppendOutcome = AppendResult | WrongExpectedVersion | EventRejected;

interface StreamState {
  /** Null until the stream has a row. */
  readonly id: number | null;
  readonly version: number;
  readonly lastPosition: number;
}

/** What the running transaction has done so far. */
interface Tail {
  position: number;
  recordedAt: number;
  /** Streams touched, with what their rows will say. */
  readonly streams: Map<string, StreamState>;
}

interface KnownRecord {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly recordedAt: number;
  readonly count: number;
  readonly events: string;
}

const UNKNOWN_STREAM: StreamState = { id: null, version: 0, lastPosition: 0 };

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

export class EventLogAppender {
  readonly #database: DatabaseSync;
  readonly #lastEvent: StatementSync;
  readonly #stream: StatementSync;
  readonly #createStream: StatementSync;
  readonly #updateStream: StatementSync;
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#lastEvent = database.prepare(
      `SELECT position + count - 1 AS position, recorded_at AS recordedAt FROM records
       WHERE records.position = (SELECT max(position) FROM records)`,
    );
    this.#stream = database.prepare("SELECT id, version, last_position AS lastPosition FROM streams WHERE name = ?");
    this.#createStream = database.prepare(
      `INSERT INTO streams (name, category, flow, version, first_position, last_position)
       VALUES (?, ?, ?, 0, ?, 0) RETURNING id`,
    );
    this.#updateStream = database.prepare("UPDATE streams SET version = ?, last_position = ? WHERE id = ?");
    this.#insert = database.prepare(
      `INSERT INTO records (position, id, stream_id, version, type, count, message_id, recorded_at, events)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#byId = database.prepare(
      `SELECT r.position, s.name AS stream, r.version, r.recorded_at AS recordedAt, r.count, r.events
       FROM records AS r JOIN streams AS s ON s.id = r.stream_id WHERE r.id = ?`,
    );
  }

  /**
   * The outcomes in the order given. When it throws, nothing at all was written.
   * @throws SQLite's own error
   */
  append(appends: readonly EncodedAppend[]): readonly AppendOutcome[] {
    try {
      return this.#transaction(appends, (append, tail) => this.#appendOne(append, tail));
    } catch (error) {
      // Some event's data is at fault, most likely an id that the log has already. Savepoints find out whose; they
      // are not used at first because they make SQLite copy every page that it changes.
      if (!isDataError(error)) throw error;
      return this.#transaction(appends, (append, tail) => this.#appendInSavepoint(append, tail));
    }
  }

  #transaction(
    appends: readonly EncodedAppend[],
    appendOne: (append: EncodedAppend, tail: Tail) => AppendOutcome,
  ): readonly AppendOutcome[] {
    return transact(this.#database, () => {
      const last = this.#lastEvent.get() as { position: number; recordedAt: number } | undefined;
      const tail: Tail = { position: last?.position ?? 0, recordedAt: last?.recordedAt ?? 0, streams: new Map() };
      const outcomes = appends.map((append) => appendOne(append, tail));
      for (const { id, version, lastPosition } of tail.streams.values()) {
        this.#updateStream.run(version, lastPosition, id);
      }
      return outcomes;
    });
  }

  #appendInSavepoint(append: EncodedAppend, tail: Tail): AppendOutcome {
    const { position, recordedAt } = tail;
    const streams = new Map(tail.streams);
    this.#database.exec("SAVEPOINT append");
    try {
      return this.#appendOne(append, tail);
    } catch (error) {
      if (!isDataError(error)) throw error;
      this.#database.exec("ROLLBACK TO append");
      Object.assign(tail, { position, recordedAt, streams });
      return (
        this.#known(append) ??
        new EventRejected(`the log does not take this batch: ${(error as Error).message}`, { cause: error })
      );
    } finally {
      if (this.#database.isTransaction) this.#database.exec("RELEASE append");
    }
  }

  /** Checks everything before it writes anything, so that a refusal leaves no trace. */
  #appendOne(append: EncodedAppend, tail: Tail): AppendOutcome {
    const before = new Map<string, StreamState>();
    const planned = new Map<string, number>();
    const versions: number[] = [];
    for (const [index, stream] of append.streams.entries()) {
      let actual = planned.get(stream);
      if (actual === undefined) {
        const state = this.#state(stream, tail);
        before.set(stream, state);
        actual = state.version;
      }
      const expected = append.expected[index] as ExpectedVersion;
      if (!isAsExpected(expected, actual)) {
        // A retry of an append that did succeed finds the stream moved on, by itself.
        return this.#known(append) ?? new WrongExpectedVersion(stream, expected, actual);
      }
      const version = actual + (append.counts[index] as number);
      planned.set(stream, version);
      versions.push(version);
    }

    const recordedAt = Math.max(append.now, tail.recordedAt);
    const { cells } = append;
    let position = tail.position;
    let cell = 0;
    for (const [index, stream] of append.streams.entries()) {
      const state = tail.streams.get(stream) ?? (before.get(stream) as StreamState);
      const id = state.id ?? this.#create(stream, position + 1);
      let { version } = state;
      const end = version + (append.counts[index] as number);
      while (version < end) {
        const count = cells[cell + 3] as number;
        this.#insert.run(
          position + 1,
          cells[cell] as Cell,
          id,
          version + 1,
          cells[cell + 1] as Cell,
          count,
          cells[cell + 2] as Cell,
          recordedAt,
          cells[cell + 4] as Cell,
        );
        position += count;
        version += count;
        cell += CELLS;
      }
      tail.streams.set(stream, { id, version, lastPosition: position });
    }
    tail.position = position;
    tail.recordedAt = recordedAt;
    return { position: String(position), duplicate: false, versions, recordedAt: iso(recordedAt) };
  }

  #state(stream: string, tail: Tail): StreamState {
    return tail.streams.get(stream) ?? (this.#stream.get(stream) as StreamState | undefined) ?? UNKNOWN_STREAM;
  }

  #create(stream: string, firstPosition: number): number {
    const parsed = parseStream(stream);
    const row = this.#createStream.get(stream, parsed?.category ?? null, parsed?.flow ?? null, firstPosition);
    return (row as { id: number }).id;
  }

  /** What the first try of this batch gave, if there was one; null when the log has none of its records. */
  #known(append: EncodedAppend): AppendOutcome | null {
    const { cells } = append;
    const total = cells.length / CELLS;
    const ids = Array.from({ length: total }, (_, index) => cells[index * CELLS] as string);
    if (new Set(ids).size < total) return new EventRejected("an event id is twice in the batch");
    const known = ids
      .map((id) => this.#byId.get(id) as KnownRecord | undefined)
      .filter((record) => record !== undefined);
    if (known.length === 0) return null;
    if (known.length < total) return new EventRejected("a part of the batch's events is in the log already");
    const versions: number[] = [];
    let record = 0;
    for (const [entry, stream] of append.streams.entries()) {
      let version = 0;
      for (let rest = append.counts[entry] as number; rest > 0; record++) {
        const found = known[record] as KnownRecord;
        if (found.stream !== stream) {
          return new EventRejected(`events of the batch are in the log already, not in stream ${stream}`);
        }
        const sent = cells[record * CELLS + 4] as string;
        if (found.events !== sent && !isDeepStrictEqual(idsOf(found.events), idsOf(sent))) {
          return new EventRejected(`event ${ids[record]} is in the log already, with other events of its message`);
        }
        rest -= found.count;
        version = found.version + found.count - 1;
      }
      versions.push(version);
    }
    const { position, count, recordedAt } = known[total - 1] as KnownRecord;
    return { position: String(position + count - 1), duplicate: true, versions, recordedAt: iso(recordedAt) };
  }
}

const isAsExpected = (expected: ExpectedVersion, actual: number): boolean => {
  switch (expected) {
    case "any":
      return true;
    case "none":
      return actual === 0;
    case "exists":
      return actual > 0;
    default:
      return actual === expected;
  }
};
