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
import { appendArguments, type EncodedAppend, instantText } from "./event-codec.ts";

/** A group takes in no more after so many events, or characters of data: some 100 ms of work. */
const GROUP_EVENTS = 5_000;
const GROUP_CHARACTERS = 8 * 1024 * 1024;

const APPEND = `SELECT * FROM append_events(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`;

const KNOWN = `SELECT e.id, e.position, s.name AS stream, e.version, e.recorded_at
  FROM events AS e JOIN streams AS s ON s.id = e.stream_id WHERE e.id = ANY ($1)`;

interface EntryRow {
  readonly version: string | null;
  readonly last_position: string | null;
  readonly actual: string | null;
  readonly recorded_at: string;
}

interface KnownRow {
  readonly id: string;
  readonly position: string;
  readonly stream: string;
  readonly version: string;
  readonly recorded_at: string;
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
      events += append.ids.length;
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

  /** What the first try of this batch gave, if there was one; `otherwise` when the log has none of its events. */
  async #known({ ids, entries }: EncodedAppend, otherwise: Error): Promise<Outcome> {
    let rows: KnownRow[];
    try {
      ({ rows } = await this.#pool.query<KnownRow>({ name: "known", text: KNOWN, values: [ids] }));
    } catch (error) {
      return unavailable(error);
    }
    if (rows.length === 0) return otherwise;
    if (rows.length < ids.length) {
      return new EventRejected(`${rows.length} of the batch's ${ids.length} events are in the log already`);
    }
    const byId = new Map(rows.map((row) => [row.id, row]));
    const versions: number[] = [];
    let index = 0;
    for (const { stream, count } of entries) {
      const end = index + count;
      if (ids.slice(index, end).some((id) => byId.get(id)?.stream !== stream)) {
        return new EventRejected(`events of the batch are in the log already, not in stream ${stream}`);
      }
      versions.push(Number(byId.get(ids[end - 1] as string)?.version));
      index = end;
    }
    const last = byId.get(ids.at(-1) as string) as KnownRow;
    return { position: last.position, duplicate: true, versions, recordedAt: instantText(last.recorded_at) };
  }
}

export const unavailable = (error: unknown): EventStoreUnavailable =>
  new EventStoreUnavailable(`PostgreSQL: ${error instanceof Error ? error.message : error}`, { cause: error });
