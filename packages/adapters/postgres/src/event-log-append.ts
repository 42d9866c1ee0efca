/**
 * Appending to the event log. Batches that arrive while a group is on its way to the disk form the next one, which one
 * call of `append_events` commits. One group at a time: appends to a stream commit in the order in which they were
 * called.
 */
import {
  type AppendResult,
  type Clock,
  EventRejected,
  EventStoreUnavailable,
  WrongExpectedVersion,
} from "@sluice/domain";
import type { Pool } from "pg";
import { isDataError, sqlState, UNIQUE_VIOLATION } from "./connection.ts";
import { appendArguments, type EncodedAppend } from "./event-codec.ts";
import { followingIds } from "./event-record.ts";
import { instantText } from "./event-rows.ts";

/** A group takes in no more after so many events, or characters of data: 20 to 100 ms of work. */
const GROUP_EVENTS = 5_000;
const GROUP_CHARACTERS = 8 * 1024 * 1024;

const APPEND = `SELECT * FROM append_events(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`;

/** The lock that every append shares: see append_events. */
const TURN = "5315810, hashtext(current_schema())";
const LOCK = `SELECT pg_advisory_lock(${TURN})`;
const UNLOCK = `SELECT pg_advisory_unlock(${TURN})`;

const KNOWN = `SELECT r.id, s.name AS stream, r.recorded_at, r.position + r.count - 1 AS last_position,
    r.version + r.count - 1 AS last_version, r.attributes
  FROM records AS r JOIN streams AS s ON s.id = r.stream_id WHERE r.id = ANY ($1)`;

interface EntryRow {
  readonly version: string | null;
  readonly last_position: string | null;
  readonly actual: string | null;
  readonly recorded_at: string;
}

interface KnownRecord {
  readonly id: string;
  readonly stream: string;
  readonly recorded_at: string;
  readonly last_position: string;
  readonly last_version: string;
  readonly attributes: string | null;
}

type Outcome = AppendResult | Error;

interface Waiting {
  readonly append: EncodedAppend;
  resolve(result: AppendResult): void;
  reject(error: Error): void;
}

export class EventLogAppender {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | null = null;

  /** @param pool with one connection */
  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  append(append: EncodedAppend): Promise<AppendResult> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>();
    this.#queue.push({ append, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  /**
   * The lock is the session's, and the pool has one connection: appends in between run in the same session, which its
   * own lock does not stop. Should the connection break, the lock is gone, and the appends are like any others.
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    await this.#pool.query(LOCK).catch((error: unknown) => {
      throw unavailable(error);
    });
    try {
      return await work();
    } finally {
      await this.#pool.query(UNLOCK).catch(() => undefined);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Callers that append in the same turn of the event loop share the first group.
    await null;
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      const outcomes = await this.#appendGroup(group.map((waiting) => waiting.append));
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index] as Outcome;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
    }
    this.#running = null;
  }

  #takeGroup(): Waiting[] {
    let [count, events, characters] = [0, 0, 0];
    for (const { append } of this.#queue) {
      if (count > 0 && (events >= GROUP_EVENTS || characters + append.size > GROUP_CHARACTERS)) break;
      count++;
      events += append.count;
      characters += append.size;
    }
    return this.#queue.splice(0, count);
  }

  async #appendGroup(group: readonly EncodedAppend[]): Promise<readonly Outcome[]> {
    try {
      return await this.#call(group);
    } catch (error) {
      if (!isDataError(error)) return group.map(() => unavailable(error));
      if (group.length === 1) return [await this.#refused(group[0] as EncodedAppend, error)];
      // Some batch's data is at fault, most likely an id that the log has already: each by itself tells whose.
      const outcomes: Outcome[] = [];
      for (const append of group) outcomes.push(...(await this.#appendGroup([append])));
      return outcomes;
    }
  }

  async #call(group: readonly EncodedAppend[]): Promise<readonly Outcome[]> {
    const { rows } = await this.#pool.query<EntryRow>({
      name: "append",
      text: APPEND,
      values: [...appendArguments(group, this.#clock.now())],
    });
    const outcomes: Outcome[] = [];
    let first = 0;
    for (const append of group) {
      const entries = rows.slice(first, first + append.entries.length);
      first += append.entries.length;
      outcomes.push(await this.#outcome(append, entries));
    }
    return outcomes;
  }

  async #outcome(append: EncodedAppend, rows: readonly EntryRow[]): Promise<Outcome> {
    const wrong = rows.findIndex((row) => row.actual !== null);
    if (wrong >= 0) {
      const { stream, expected } = append.entries[wrong] as EncodedAppend["entries"][number];
      const refusal = new WrongExpectedVersion(stream, expected, Number(rows[wrong]?.actual));
      // A retry of an append that did succeed finds the stream moved on, by itself.
      return await this.#known(append, refusal);
    }
    const last = rows.at(-1) as EntryRow;
    return {
      position: last.last_position as string,
      duplicate: false,
      versions: rows.map((row) => Number(row.version)),
      recordedAt: instantText(last.recorded_at),
    };
  }

  #refused(append: EncodedAppend, error: unknown): Promise<Outcome> {
    const refusal = new EventRejected(`the log does not take this batch: ${(error as Error).message}`, {
      cause: error,
    });
    return sqlState(error) === UNIQUE_VIOLATION ? this.#known(append, refusal) : Promise.resolve(refusal);
  }

  /** What the first try of this batch gave, if there was one; `otherwise` when the log has none of its records. */
  async #known({ ids, attributes, entries }: EncodedAppend, otherwise: Error): Promise<Outcome> {
    let rows: KnownRecord[];
    try {
      ({ rows } = await this.#pool.query<KnownRecord>({ name: "known", text: KNOWN, values: [ids] }));
    } catch (error) {
      return unavailable(error);
    }
    if (rows.length === 0) return otherwise;
    if (rows.length < ids.length) return new EventRejected("a part of the batch's events is in the log already");
    const byId = new Map(rows.map((row) => [row.id, row]));
    const versions: number[] = [];
    let index = 0;
    for (const { stream, counts } of entries) {
      let version = "0";
      for (const _ of counts) {
        const known = byId.get(ids[index] as string) as KnownRecord;
        if (known.stream !== stream) {
          return new EventRejected(`events of the batch are in the log already, not in stream ${stream}`);
        }
        if (!haveSameIds(known.attributes, attributes[index] as string | null)) {
          return new EventRejected(`event ${known.id} is in the log already, with other events of its message`);
        }
        version = known.last_version;
        index++;
      }
      versions.push(Number(version));
    }
    const last = byId.get(ids.at(-1) as string) as KnownRecord;
    return { position: last.last_position, duplicate: true, versions, recordedAt: instantText(last.recorded_at) };
  }
}

const haveSameIds = (a: string | null, b: string | null): boolean => {
  if (a === b) return true;
  const [others, ids] = [followingIds(a), followingIds(b)];
  return others.length === ids.length && ids.every((id, index) => id === others[index]);
};

export const unavailable = (error: unknown): EventStoreUnavailable =>
  new EventStoreUnavailable(`PostgreSQL: ${error instanceof Error ? error.message : error}`, { cause: error });
