/** The event store in one SQLite file. */
import type { RecordedEvent } from "@sluice/contracts";
import {
  type AppendResult,
  type EntryOptions,
  type EntryPage,
  type EventStore,
  type EventStoreCapabilities,
  EventStoreUnavailable,
  type ReadAllOptions,
  type ReadPage,
  type ReadStreamOptions,
  type StreamAppend,
  type SubscribeOptions,
} from "@sluice/domain";
import { type EventStoreOptions, eventStoreDefaults } from "./config.ts";
import { decodeEvents, decodePage, encodeAppend } from "./event-codec.ts";
import { parsePosition } from "./event-log-read.ts";
import { InlineHost, WorkerHost } from "./event-store-hosts.ts";
import type { EventLogHost } from "./event-store-protocol.ts";

const PAGE_SIZE = 1_000;

/**
 * Positions are consecutive decimal integers from 1. Any number of stores, in any number of threads and processes of
 * one machine, may share a file.
 */
export class SqliteEventStore implements EventStore {
  readonly capabilities: EventStoreCapabilities = {
    atomicMultiStream: true,
    gaplessPositions: true,
    sharedLog: false,
    messageIndex: true,
    exclusiveTurns: false,
  };
  readonly #options: EventStoreOptions & typeof eventStoreDefaults;
  readonly #writer: EventLogHost;
  readonly #reader: EventLogHost;
  #running = false;
  /** Appends of this store so far; a subscriber compares it to see whether it has missed one. */
  #appends = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: EventStoreOptions) {
    this.#options = { ...eventStoreDefaults, ...options } as EventStoreOptions & typeof eventStoreDefaults;
    const { clock: _, ...database } = options;
    this.#writer = this.#options.threads === "workers" ? new WorkerHost(database) : new InlineHost(database);
    this.#reader = this.#options.threads === "workers" ? new WorkerHost(database) : this.#writer;
  }

  /** @throws UnusableDatabase, EventStoreUnavailable */
  async start(): Promise<void> {
    try {
      // One after the other: the writer creates the file that the reader opens.
      await this.#writer.call("start", null);
      await this.#reader.call("start", null);
      this.#running = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#wake();
    await this.#reader.close();
    await this.#writer.close();
  }

  async append(batch: readonly StreamAppend[]): Promise<AppendResult> {
    this.#mustRun();
    const result = await this.#writer.call("append", encodeAppend(batch, this.#options.clock.now()));
    if (!result.duplicate) {
      this.#appends++;
      this.#wake();
    }
    return result;
  }

  /** A log in a file has one gateway. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    this.#mustRun();
    return decodeEvents(await this.#reader.call("readStream", { stream, options }));
  }

  async readAll(options: ReadAllOptions): Promise<ReadPage> {
    this.#mustRun();
    return decodePage(await this.#reader.call("readAll", options));
  }

  async readEntries(options: EntryOptions): Promise<EntryPage> {
    this.#mustRun();
    const { positions, position, ...page } = await this.#reader.call("readEntries", options);
    return {
      ...page,
      positionAt: (place) => String(positions[place]),
      position: position === null ? null : String(position),
    };
  }

  async *subscribe({ signal, pageSize = PAGE_SIZE, ...options }: SubscribeOptions): AsyncIterable<ReadPage> {
    this.#mustRun();
    let { after } = options;
    while (this.#running && !signal.aborted) {
      const appends = this.#appends;
      const page = await this.readAll({ ...options, ...(after === undefined ? {} : { after }), limit: pageSize });
      if (signal.aborted) return;
      if (page.position !== null) {
        after = page.position;
        yield page;
      }
      if (page.atEnd && appends === this.#appends) await this.#news(signal);
    }
  }

  async head(): Promise<string | null> {
    this.#mustRun();
    const head = await this.#reader.call("head", null);
    return head === null ? null : String(head);
  }

  compare(a: string, b: string): number {
    return parsePosition(a) - parsePosition(b);
  }

  async countAfter(after: string | null): Promise<number> {
    const start = after === null ? 0 : parsePosition(after);
    return Math.max(0, Number((await this.head()) ?? 0) - start);
  }

  #mustRun(): void {
    if (!this.#running) throw new EventStoreUnavailable("the event store is not running");
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when there may be events to read, or no reason to wait any more. */
  async #news(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const timer = setTimeout(wake, this.#options.pollIntervalMs).unref();
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake);
    if (signal.aborted || !this.#running) wake();
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(wake);
    signal.removeEventListener("abort", wake);
  }
}
