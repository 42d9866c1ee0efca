/**
 * The log as it grows, for any number of readers with one reading of it. The first reader starts a subscription that all
 * share, the last that leaves ends it. A reader that begins at an older position reads by itself, with its own filter,
 * until it is as far as the others, and joins them there without a gap and without a repeat.
 *
 * A reader never holds up the subscription, and so neither the log nor another reader.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { RecordedEvent } from "@sluice/contracts";
import { type EventFilter, type EventStore, EventStoreUnavailable, type ReadPage } from "@sluice/domain";
import type { Logger } from "pino";
import { matchesFilter } from "./event-matches.ts";
import type { LiveClient } from "./live-client.ts";

export const MAX_LIVE_READERS = 100;
const PAGE = 200;
const RETRY_MS = 1_000;

export interface LiveReader {
  readonly client: LiveClient;
  readonly filter: EventFilter;
  /** Exclusive; null: from the start of an empty log. */
  readonly after: string | null;
  /** What of an event the reader may see. */
  readonly shown: (event: RecordedEvent) => unknown;
}

interface Joined {
  readonly reader: LiveReader;
  /** The reader has everything up to here. */
  position: string | null;
}

export interface LiveFeedDependencies {
  readonly store: EventStore;
  readonly log: Logger;
  /** Until a log that could not be read is tried again. */
  readonly retryMs?: number;
}

export class LiveFeed {
  readonly #deps: LiveFeedDependencies;
  readonly #readers = new Set<LiveReader>();
  readonly #joined = new Map<LiveReader, Joined>();
  /** Of the shared subscription: everything up to here has been given to those who have joined. */
  #position: string | null = null;
  #reading: AbortController | null = null;

  constructor(dependencies: LiveFeedDependencies) {
    this.#deps = dependencies;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Feeds the reader until it leaves. */
  async feed(reader: LiveReader): Promise<void> {
    this.#readers.add(reader);
    reader.client.left.addEventListener("abort", () => this.#leave(reader));
    if (reader.client.left.aborted) this.#leave(reader);
    await this.#catchUp(reader);
  }

  /** To be called now and then: see `LiveClient.heartbeat`. */
  heartbeat(): void {
    for (const reader of [...this.#readers]) {
      const joined = this.#joined.get(reader);
      reader.client.heartbeat(joined === undefined ? null : this.#further(joined.position, this.#position));
    }
  }

  /** Ends every stream at once. */
  close(): void {
    for (const { client } of [...this.#readers]) client.drop("stopped");
    this.#reading?.abort();
  }

  async #catchUp(reader: LiveReader): Promise<void> {
    const { client, filter } = reader;
    let position = reader.after;
    let atEnd = false;
    while (!client.left.aborted) {
      if (this.#reading === null ? atEnd : this.#isAt(position)) {
        this.#join(reader, position);
        return;
      }
      try {
        const after = position === null ? {} : { after: position };
        const page = await this.#deps.store.readAll({ limit: PAGE, filter, ...after });
        for (const event of page.events) client.event(event.position, JSON.stringify(reader.shown(event)));
        position = page.position ?? position;
        atEnd = page.atEnd;
        // What it reads by itself waits for it: only those that get what happens now can be too slow.
        await client.drained();
      } catch (error) {
        await this.#retry(error, client.left);
      }
    }
  }

  /** Whether the shared subscription is not further than this. */
  #isAt(position: string | null): boolean {
    if (this.#position === null) return true;
    return position !== null && this.#deps.store.compare(position, this.#position) >= 0;
  }

  #further(one: string | null, other: string | null): string | null {
    if (one === null || other === null) return one ?? other;
    return this.#deps.store.compare(one, other) >= 0 ? one : other;
  }

  #join(reader: LiveReader, position: string | null): void {
    this.#joined.set(reader, { reader, position });
    if (this.#reading !== null) return;
    this.#position = position;
    this.#reading = new AbortController();
    void this.#read(this.#reading);
  }

  #leave(reader: LiveReader): void {
    this.#readers.delete(reader);
    this.#joined.delete(reader);
    if (this.#joined.size > 0) return;
    this.#reading?.abort();
    this.#reading = null;
    this.#position = null;
  }

  async #read(reading: AbortController): Promise<void> {
    const { signal } = reading;
    while (!signal.aborted) {
      try {
        const after = this.#position === null ? {} : { after: this.#position };
        for await (const page of this.#deps.store.subscribe({ signal, pageSize: PAGE, ...after })) {
          if (signal.aborted) return;
          this.#give(page);
        }
        if (!signal.aborted) await delay(this.#deps.retryMs ?? RETRY_MS, undefined, { signal, ref: false });
      } catch (error) {
        await this.#retry(error, signal);
      }
    }
  }

  #give({ events, position }: ReadPage): void {
    for (const event of events) {
      let whole: string | null = null;
      for (const joined of [...this.#joined.values()]) {
        const { client, filter, shown } = joined.reader;
        if (joined.position !== null && this.#deps.store.compare(event.position, joined.position) <= 0) continue;
        if (!matchesFilter(event, filter)) continue;
        const view = shown(event);
        if (view === event) whole ??= JSON.stringify(event);
        client.event(event.position, view === event && whole !== null ? whole : JSON.stringify(view));
      }
    }
    if (position !== null) this.#position = position;
  }

  async #retry(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (!(error instanceof EventStoreUnavailable)) this.#deps.log.error({ err: error }, "the live tail cannot be read");
    await delay(this.#deps.retryMs ?? RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
