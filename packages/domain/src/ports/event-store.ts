/**
 * The event log.
 *
 * Protocol. `start()` once, then any number of concurrent calls, then `stop()`, which lets running appends finish.
 * An append is durable (fsync, or the server's equivalent) when its promise resolves, and not before: the gateway
 * acknowledges messages on that alone.
 *
 * Order. Positions are given in commit order: a reader that has seen position p never later finds an event before p.
 * Positions are opaque text; only the store that made one can compare it. Text that is no position of the store, or no
 * instant where one belongs, is refused with a RangeError.
 *
 * Retry. `EventStoreUnavailable` may be retried with the same batch (same event ids): if the first try did commit, the
 * second resolves with `duplicate: true` and stores nothing. `WrongExpectedVersion` may not: decide again first.
 *
 * Known ids. A batch of which the log has a part is refused, as is one that has an id twice. A store may leave one kind
 * of id unchecked: that of a StoredAttribute which in its batch directly follows, in the same stream and with the same
 * message id, a MessageReceived or another StoredAttribute. Such events are decided, sent and sent again together with
 * the event that they follow, whose id stands for theirs.
 */
import type { EventType, NewEvent, RecordedEvent } from "@sluice/contracts";
import type { EntryOptions, EntryPage } from "./entry-page.ts";

/** Expected version of a stream before the append: a number is exact and 0 means the same as "none". */
export type ExpectedVersion = number | "any" | "none" | "exists";

export interface StreamAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  /** At least one. */
  readonly events: readonly NewEvent[];
}

export interface AppendResult {
  /** Position of the batch's last event. */
  readonly position: string;
  /** True when every event of the batch was in the log already; nothing was written. */
  readonly duplicate: boolean;
  /** Version of each stream after the append, in the order of the batch. */
  readonly versions: readonly number[];
  /** The one instant that all events of the batch carry. */
  readonly recordedAt: string;
}

/** All parts must hold. `flow` takes every stream of that flow; `streams` names them. */
export interface EventFilter {
  readonly flow?: string;
  readonly stream?: string;
  readonly types?: readonly EventType[];
  readonly messageId?: string;
  /** RFC 3339; inclusive. */
  readonly recordedFrom?: string;
  /** RFC 3339; inclusive. */
  readonly recordedTo?: string;
}

export interface ReadAllOptions {
  /** Exclusive; absent: from the start (from the end when backwards). */
  readonly after?: string;
  /** Events at the most, at least 1. */
  readonly limit: number;
  readonly filter?: EventFilter;
  readonly direction?: "forwards" | "backwards";
}

export interface ReadPage {
  readonly events: readonly RecordedEvent[];
  /**
   * How far the store looked: the last event's position, or further where a filter passed events over. Null when it
   * looked at nothing. Reading on `after` it continues without a gap.
   */
  readonly position: string | null;
  /** Whether the page reached the end of the log as it was. */
  readonly atEnd: boolean;
}

export interface ReadStreamOptions {
  /** Version of the first event to give, inclusive; absent: the first (the last when backwards). */
  readonly from?: number;
  readonly limit: number;
  readonly direction?: "forwards" | "backwards";
}

export interface SubscribeOptions {
  /** Exclusive; absent: from the start. */
  readonly after?: string;
  readonly filter?: EventFilter;
  /** Ends the iteration. */
  readonly signal: AbortSignal;
  /** Events in one page at the most. */
  readonly pageSize?: number;
}

export interface EventStoreCapabilities {
  /** An append over several streams commits as one. Without it the app must append stream by stream. */
  readonly atomicMultiStream: boolean;
  /** Positions are consecutive integers: `lag` can be computed by subtraction. */
  readonly gaplessPositions: boolean;
  /**
   * Other gateways may write to the same log. Then what one knows of a flow may be behind at any time, and a bucket of
   * traffic is closed by an event before the next is begun: see `TrafficContinued`.
   */
  readonly sharedLog: boolean;
  /** Finds the events of one message without reading the log. */
  readonly messageIndex: boolean;
  /** `exclusively` keeps other writers out. */
  readonly exclusiveTurns: boolean;
}

export interface EventStore {
  readonly capabilities: EventStoreCapabilities;

  start(): Promise<void>;
  stop(): Promise<void>;

  /**
   * All or nothing over the whole batch, in the order given.
   * @throws WrongExpectedVersion  one stream was not as expected; nothing was written
   * @throws EventStoreUnavailable nothing can be written now (disk full, read-only, server gone); retry the same batch
   * @throws EventRejected         the store will never take this batch (too large, not serialisable)
   */
  append(batch: readonly StreamAppend[]): Promise<AppendResult>;

  /**
   * Runs the work while no other writer appends, for one that decides on exact versions and is overtaken again and again.
   * Appends of this store within the work go ahead, those of others wait; so the work is short. A store without locks
   * just runs it: then nothing but luck ends the race. It is about fairness, and never about safety.
   * @throws EventStoreUnavailable, or what the work throws
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;

  /** In version order; an unknown stream is empty. */
  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]>;

  /** In log order (or backwards). Never gives an event that could still be rolled back. */
  readAll(options: ReadAllOptions): Promise<ReadPage>;

  /**
   * The events that `readAll` gives without a filter, as the seals cover them. Absent where a store is not faster than
   * who makes entries of events.
   * @throws what `readAll` does where one of them cannot be read
   */
  readEntries?(options: EntryOptions): Promise<EntryPage>;

  /**
   * Every event after the start point once, in order, those committed while it reads included, until the signal or
   * `stop()`. Yields a page also when the filter passed everything over, so that a cursor can move.
   * @throws EventStoreUnavailable the log cannot be read now; subscribing again after the last page misses nothing
   */
  subscribe(options: SubscribeOptions): AsyncIterable<ReadPage>;

  /** Position of the last event; null when the log is empty. */
  head(): Promise<string | null>;

  /** Orders two positions of this store: negative when a is before b. */
  compare(a: string, b: string): number;

  /** Events after `after` (all when null), exact or estimated cheaply; for lag figures. */
  countAfter(after: string | null): Promise<number>;
}

export class WrongExpectedVersion extends Error {
  override readonly name = "WrongExpectedVersion";
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly actual: number;
  constructor(stream: string, expected: ExpectedVersion, actual: number) {
    super(`stream ${stream} is at version ${actual}, expected ${expected}`);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

export class EventStoreUnavailable extends Error {
  override readonly name = "EventStoreUnavailable";
}

export class EventRejected extends Error {
  override readonly name = "EventRejected";
}
