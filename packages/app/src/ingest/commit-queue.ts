/**
 * Appends decided batches in order, at most `MAX_OUTSTANDING` at once so that one is decided while another is written,
 * and tries again until each is in the log.
 *
 * After any failure nothing new is sent: the failed batches are appended one by one, from memory, in their order. When
 * another writer was in the flow's stream (`WrongExpectedVersion`) everything uncommitted is decided again on the state
 * that the log has now. A batch that the store refuses for its content (`EventRejected`) is decided again message by
 * message, with what it refuses recorded as rejected, so that one message never blocks the rest.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, EventRejected, type EventStore, type StreamAppend, WrongExpectedVersion } from "@sluice/domain";
import type { Logger } from "pino";

export interface CommitQueueDependencies<T> {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The facts of an item, on the state as it is; called again for everything uncommitted after `resync`. */
  readonly decide: (item: T) => readonly StreamAppend[];
  /** Brings the state back to what the log says; `thorough` when it did not help the time before. */
  readonly resync: (thorough: boolean) => Promise<void>;
  /** Replaces an item that the store refuses by smaller ones, at last by one that it is bound to take. */
  readonly isolate: (item: T, reason: string) => readonly T[];
  readonly onCommit: (position: string, events: number) => void;
}

interface Entry<T> {
  readonly item: T;
  appends: readonly StreamAppend[];
  readonly done: () => void;
}

export interface Failing {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly reason: string;
}

const MAX_OUTSTANDING = 2;
const RETRY_MS = { first: 50, most: 2_000 };

const eventsOf = (appends: readonly StreamAppend[]): number =>
  appends.reduce((sum, append) => sum + append.events.length, 0);

export class CommitQueue<T> {
  readonly #deps: CommitQueueDependencies<T>;
  #entries: Entry<T>[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #recovery: Promise<void> | null = null;
  #failing: Failing | null = null;
  readonly #stopping = new AbortController();

  constructor(dependencies: CommitQueueDependencies<T>) {
    this.#deps = dependencies;
  }

  get failing(): Failing | null {
    return this.#failing;
  }

  get uncommitted(): readonly T[] {
    return this.#entries.map((entry) => entry.item);
  }

  /** Resolves when another batch may be decided. One caller at a time. */
  async place(): Promise<void> {
    while (this.#recovery !== null || this.#entries.length >= MAX_OUTSTANDING) await this.#progress();
  }

  /** Resolves when nothing is uncommitted. */
  async drained(): Promise<void> {
    while (this.#entries.length > 0) await this.#progress();
  }

  /** Gives up on what is uncommitted: it stays unacknowledged. */
  abandon(): void {
    this.#stopping.abort();
  }

  /** Decides and sends. The promise resolves when the item is durable; it never rejects. */
  push(item: T): Promise<void> {
    const appends = this.#deps.decide(item);
    if (appends.length === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry: Entry<T> = { item, appends, done: resolve };
    this.#entries.push(entry);
    const sent = this.#append(entry)
      .catch((error: unknown) => this.#recover(error))
      .finally(() => this.#inFlight.delete(sent));
    this.#inFlight.add(sent);
    return promise;
  }

  async #progress(): Promise<void> {
    if (this.#recovery !== null) await this.#recovery;
    else await Promise.race(this.#inFlight);
  }

  async #append(entry: Entry<T>): Promise<void> {
    const { position } = await this.#deps.store.append(entry.appends);
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#deps.onCommit(position, eventsOf(entry.appends));
    entry.done();
  }

  #recover(error: unknown): void {
    this.#fail(error);
    this.#recovery ??= this.#retryAll().finally(() => {
      this.#recovery = null;
      this.#failing = null;
    });
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#failing === null) this.#deps.log.error({ err: error }, "the event log takes no appends; retrying");
    this.#failing = { since: this.#failing?.since ?? this.#deps.clock.now(), reason };
  }

  async #retryAll(): Promise<void> {
    await Promise.allSettled([...this.#inFlight]);
    let wait = RETRY_MS.first;
    let conflicts = 0;
    let decideAgain = false;
    while (this.#entries.length > 0 && !this.#stopping.signal.aborted) {
      try {
        if (decideAgain) await this.#decideAgain(conflicts > 1);
        decideAgain = false;
        const [entry] = this.#entries;
        if (entry === undefined) break;
        await this.#append(entry);
        conflicts = 0;
        wait = RETRY_MS.first;
      } catch (error) {
        this.#fail(error);
        if (error instanceof WrongExpectedVersion) conflicts += 1;
        if (error instanceof EventRejected) this.#isolate(error.message);
        decideAgain ||= error instanceof WrongExpectedVersion || error instanceof EventRejected;
        await delay(wait, undefined, { signal: this.#stopping.signal }).catch(() => {});
        wait = Math.min(wait * 2, RETRY_MS.most);
      }
    }
    if (this.#entries.length === 0) this.#deps.log.info("the event log takes appends again");
  }

  async #decideAgain(thorough: boolean): Promise<void> {
    await this.#deps.resync(thorough);
    for (const entry of this.#entries) entry.appends = this.#deps.decide(entry.item);
    // What comes to nothing now (its flow was disabled meanwhile) is done.
    for (const entry of this.#entries) if (entry.appends.length === 0) entry.done();
    this.#entries = this.#entries.filter((entry) => entry.appends.length > 0);
  }

  /** Splits the first entry, which is done when all of its parts are. They are decided before they are appended. */
  #isolate(reason: string): void {
    const [refused, ...rest] = this.#entries as [Entry<T>, ...Entry<T>[]];
    const parts = this.#deps.isolate(refused.item, reason);
    let missing = parts.length;
    const done = (): void => {
      missing -= 1;
      if (missing === 0) refused.done();
    };
    this.#entries = [...parts.map((item) => ({ item, appends: [], done })), ...rest];
  }
}
