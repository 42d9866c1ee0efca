/** The event store in a PostgreSQL database. */
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
import type { Pool } from "pg";
import { eventStoreDefaults, type PostgresEventStoreOptions, postgresDefaults } from "./config.ts";
import { close, openPool, schemaOf, UnusableDatabase } from "./connection.ts";
import { encodeAppend } from "./event-codec.ts";
import { EventLogAppender, unavailable } from "./event-log-append.ts";
import { EventLogReader, parsePosition } from "./event-log-read.ts";
import { migrate } from "./migrate.ts";
import { Notifications } from "./notifications.ts";

const PAGE_SIZE = 1_000;

/**
 * Every statement is answered by an index. Without these settings a plan made while a table was small, and kept by a
 * prepared statement or a function, would read the whole of it long after it has grown.
 */
const PLANS = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
} as const;

/**
 * Of the session that appends: the server notices within some 20 s that its machine is gone, instead of two hours, for
 * which the lock of a turn (`exclusively`) would keep all other gateways out.
 */
const PRESENCE = {
  tcp_keepalives_idle: "5",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
  tcp_user_timeout: "20000",
} as const;

interface Open {
  readonly pools: readonly Pool[];
  readonly appender: EventLogAppender;
  readonly reader: EventLogReader;
}

/**
 * Positions are consecutive decimal integers from 1. Any number of stores, on any number of machines, may share a
 * schema.
 */
export class PostgresEventStore implements EventStore {
  readonly capabilities: EventStoreCapabilities = {
    atomicMultiStream: true,
    gaplessPositions: true,
    sharedLog: true,
    messageIndex: true,
    exclusiveTurns: true,
  };
  readonly #options: PostgresEventStoreOptions & typeof eventStoreDefaults;
  readonly #notifications: Notifications;
  #open: Open | null = null;
  /** Reasons to look so far; a subscriber compares it to see whether it has missed one. */
  #news = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: PostgresEventStoreOptions) {
    this.#options = { ...eventStoreDefaults, ...options } as PostgresEventStoreOptions & typeof eventStoreDefaults;
    schemaOf(options);
    this.#notifications = new Notifications(options, () => this.#wake());
  }

  /** Creates or migrates the tables. @throws UnusableDatabase, EventStoreUnavailable */
  async start(): Promise<void> {
    const options = this.#options;
    const writers = openPool(options, 1, { ...PLANS, ...PRESENCE });
    const readers = openPool(options, options.readers ?? postgresDefaults.readers, PLANS);
    try {
      await migrate(writers, "events", schemaOf(options));
    } catch (error) {
      await Promise.all([close(writers), close(readers)]);
      throw error instanceof UnusableDatabase ? error : unavailable(error);
    }
    this.#open = {
      pools: [writers, readers],
      appender: new EventLogAppender(writers, options.clock),
      reader: new EventLogReader(readers),
    };
    await this.#notifications.start();
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    this.#wake();
    await open?.appender.idle();
    await this.#notifications.stop();
    await Promise.all(open?.pools.map(close) ?? []);
  }

  async append(batch: readonly StreamAppend[]): Promise<AppendResult> {
    const result = await this.#running().appender.append(encodeAppend(batch));
    if (!result.duplicate) {
      this.#wake();
      this.#notifications.send();
    }
    return result;
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#running().appender.exclusively(work);
  }

  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#read((reader) => reader.readStream(stream, options));
  }

  readAll(options: ReadAllOptions): Promise<ReadPage> {
    return this.#read((reader) => reader.readAll(options));
  }

  async *subscribe({ signal, pageSize = PAGE_SIZE, ...options }: SubscribeOptions): AsyncIterable<ReadPage> {
    this.#running();
    let { after } = options;
    while (this.#open && !signal.aborted) {
      const news = this.#news;
      const page = await this.readAll({ ...options, ...(after === undefined ? {} : { after }), limit: pageSize });
      if (signal.aborted) return;
      if (page.position !== null) {
        after = page.position;
        yield page;
      }
      if (page.atEnd && news === this.#news) await this.#wait(signal);
    }
  }

  async head(): Promise<string | null> {
    const head = await this.#read((reader) => reader.head());
    return head === null ? null : String(head);
  }

  compare(a: string, b: string): number {
    return parsePosition(a) - parsePosition(b);
  }

  async countAfter(after: string | null): Promise<number> {
    const start = after === null ? 0 : parsePosition(after);
    return Math.max(0, Number((await this.head()) ?? 0) - start);
  }

  #running(): Open {
    if (!this.#open) throw new EventStoreUnavailable("the event store is not running");
    return this.#open;
  }

  async #read<T>(work: (reader: EventLogReader) => Promise<T>): Promise<T> {
    const { reader } = this.#running();
    try {
      return await work(reader);
    } catch (error) {
      throw error instanceof RangeError ? error : unavailable(error);
    }
  }

  #wake(): void {
    this.#news++;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when there may be events to read, or no reason to wait any more. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const timer = setTimeout(wake, this.#options.pollIntervalMs).unref();
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake);
    if (signal.aborted || !this.#open) wake();
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(wake);
    signal.removeEventListener("abort", wake);
  }
}
