/**
 * Puts results of deliveries into the log, together: what comes in while one append runs goes into the next, so that a
 * thousand results a second do not cost a thousand fsyncs.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NewEvent } from "@sluice/contracts";
import { EventRejected, type EventStore, type StreamAppend } from "@sluice/domain";
import type { Logger } from "pino";

interface Waiting {
  readonly stream: string;
  readonly events: readonly NewEvent[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

const RETRY_MS = { first: 50, most: 2_000 };

export class ResultLog {
  readonly #store: Pick<EventStore, "append" | "capabilities">;
  readonly #what: string;
  readonly #log: Logger;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param what is recorded, for the log of the process */
  constructor(store: Pick<EventStore, "append" | "capabilities">, log: Logger, what = "results of deliveries") {
    this.#store = store;
    this.#log = log;
    this.#what = what;
  }

  /**
   * Resolves when the events are durable; tries for as long as it takes, unless the signal gives up. Rejects then, and
   * when the log will never take these events.
   */
  record(stream: string, events: readonly NewEvent[], signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ stream, events, done: resolve, failed: reject });
    if (!this.#running) void this.#run(signal);
    return promise;
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    let wait = RETRY_MS.first;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#store.append(groupByStream(batch));
        for (const { done } of batch) done();
        wait = RETRY_MS.first;
      } catch (error) {
        if (error instanceof EventRejected) await this.#oneByOne(batch);
        else this.#waiting.unshift(...batch);
        if (signal.aborted) {
          for (const { failed } of this.#waiting) failed(error);
          this.#waiting = [];
          break;
        }
        this.#log.error({ err: error }, `${this.#what} cannot be recorded; retrying`);
        await delay(wait, undefined, { signal }).catch(() => {});
        wait = Math.min(wait * 2, RETRY_MS.most);
      }
    }
    this.#running = false;
  }

  /** Everything, or what is of one stream where the store does not commit several as one. */
  #take(): Waiting[] {
    const waiting = this.#waiting;
    const [first] = waiting;
    const fits = ({ stream }: Waiting): boolean =>
      this.#store.capabilities.atomicMultiStream || stream === first?.stream;
    this.#waiting = waiting.filter((one) => !fits(one));
    return waiting.filter(fits);
  }

  /** So that one result that the log refuses does not hold up the others. */
  async #oneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const waiting of batch) {
      try {
        await this.#store.append(groupByStream([waiting]));
        waiting.done();
      } catch (error) {
        if (error instanceof EventRejected) waiting.failed(error);
        else this.#waiting.push(waiting);
      }
    }
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
