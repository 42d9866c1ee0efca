/**
 * Puts results of deliveries into the log, together: what comes in while one append runs goes into the next, so that a
 * thousand results a second do not cost a thousand fsyncs.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NewEvent } from "@sluice/contracts";
import type { EventStore, StreamAppend } from "@sluice/domain";
import type { Logger } from "pino";

interface Waiting {
  readonly stream: string;
  readonly events: readonly NewEvent[];
  readonly done: () => void;
}

const RETRY_MS = { first: 50, most: 2_000 };

export class ResultLog {
  readonly #store: EventStore;
  readonly #log: Logger;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(store: EventStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** Resolves when the events are durable; tries for as long as it takes, unless the signal gives up. */
  record(stream: string, events: readonly NewEvent[], signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ stream, events, done: resolve });
    if (!this.#running) void this.#run(signal);
    return promise;
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    let wait = RETRY_MS.first;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.append(groupByStream(batch));
        for (const { done } of batch) done();
        wait = RETRY_MS.first;
      } catch (error) {
        this.#waiting.unshift(...batch);
        if (signal.aborted) break;
        this.#log.error({ err: error }, "results of deliveries cannot be recorded; retrying");
        await delay(wait, undefined, { signal }).catch(() => {});
        wait = Math.min(wait * 2, RETRY_MS.most);
      }
    }
    this.#running = false;
  }
}

const groupByStream = (batch: readonly Waiting[]): StreamAppend[] => {
  const streams = new Map<string, NewEvent[]>();
  for (const { stream, events } of batch) {
    const appended = streams.get(stream);
    if (appended === undefined) streams.set(stream, [...events]);
    else appended.push(...events);
  }
  return [...streams].map(([stream, events]) => ({ stream, expected: "any", events }));
};
