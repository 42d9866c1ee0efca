/** The event store on EventStoreDB, or KurrentDB, of version 22.6 or newer. */
import type { RecordedEvent } from "@sluice/contracts";
import {
  type AppendResult,
  type EventStore,
  type EventStoreCapabilities,
  EventStoreUnavailable,
  type ReadAllOptions,
  type ReadPage,
  type ReadStreamOptions,
  type StreamAppend,
  type SubscribeOptions,
} from "@sluice/domain";
import { type EventStoreDbOptions, type Settings, settingsOf } from "./config.ts";
import { Connection } from "./connection.ts";
import { readFailure } from "./failures.ts";
import { LogAppender } from "./log-append.ts";
import { headText, LogReader } from "./log-read.ts";
import { comparePositions, isBefore, parsePosition } from "./position.ts";
import { LogSubscription } from "./subscription.ts";

/** Events from whose distances the size of an event is estimated. */
const SAMPLE = 20;

interface Open {
  readonly connection: Connection;
  readonly appender: LogAppender;
  readonly reader: LogReader;
  /** Aborted when the store stops. */
  readonly stopping: AbortController;
}

/**
 * Positions are those of `$all`, which are not consecutive. `recordedAt` is the server's time, event by event: the
 * events of one append may be some milliseconds apart, and where the leader changes to a node whose clock is behind it
 * may go back. An id is recognised for as long as log-append.ts says. Any number of stores, on any number of machines,
 * may share the server and the prefix.
 */
export class EventStoreDbEventStore implements EventStore {
  readonly capabilities: EventStoreCapabilities = {
    atomicMultiStream: false,
    gaplessPositions: false,
    sharedLog: true,
    messageIndex: false,
    exclusiveTurns: false,
  };
  readonly #settings: Settings;
  #open: Open | null = null;

  /** @throws UnusableDatabase */
  constructor(options: EventStoreDbOptions) {
    this.#settings = settingsOf(options);
  }

  /** @throws UnusableDatabase, EventStoreUnavailable */
  async start(): Promise<void> {
    const connection = new Connection(this.#settings.url);
    const reader = new LogReader(connection, this.#settings);
    try {
      await reader.head();
    } catch (error) {
      await connection.close();
      throw readFailure(error);
    }
    const appender = new LogAppender(connection, reader, this.#settings);
    this.#open = { connection, appender, reader, stopping: new AbortController() };
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    open?.stopping.abort();
    await open?.appender.idle();
    await open?.connection.close();
  }

  async append(batch: readonly StreamAppend[]): Promise<AppendResult> {
    return this.#running().appender.append(batch);
  }

  /** Runs the work: the server has no locks. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#running();
    return work();
  }

  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#read((reader) => reader.readStream(stream, options));
  }

  readAll(options: ReadAllOptions): Promise<ReadPage> {
    return this.#read((reader) => reader.readAll(options));
  }

  async *subscribe(options: SubscribeOptions): AsyncIterable<ReadPage> {
    const { reader, stopping } = this.#running();
    const signal = AbortSignal.any([options.signal, stopping.signal]);
    if (signal.aborted) return;
    try {
      yield* new LogSubscription(reader, this.#settings, { ...options, signal }).pages();
    } catch (error) {
      throw readFailure(error);
    }
  }

  head(): Promise<string | null> {
    return this.#read(async (reader) => headText(await reader.head()));
  }

  compare(a: string, b: string): number {
    return comparePositions(parsePosition(a), parsePosition(b));
  }

  /** Exact where there is nothing, else estimated by the size of the last events. */
  countAfter(after: string | null): Promise<number> {
    return this.#read(async (reader) => {
      const start = after === null ? null : parsePosition(after);
      const last = await reader.lastEvents(SAMPLE);
      const [head] = last;
      if (head === undefined || (start !== null && !isBefore(start, head.at))) return 0;
      const later = last.filter(({ at }) => start === null || isBefore(start, at)).length;
      if (later < last.length || last.length < SAMPLE) return later;
      const oldest = last.at(-1) as (typeof last)[number];
      const bytes = Number(head.at.commit - oldest.at.commit) / (last.length - 1);
      const distance = Number(head.at.commit - (start?.commit ?? 0n));
      return Math.max(later, Math.round(distance / bytes));
    });
  }

  #running(): Open {
    if (!this.#open) throw new EventStoreUnavailable("the event store is not running");
    return this.#open;
  }

  async #read<T>(work: (reader: LogReader) => Promise<T>): Promise<T> {
    const { reader } = this.#running();
    try {
      return await work(reader);
    } catch (error) {
      throw readFailure(error);
    }
  }
}
