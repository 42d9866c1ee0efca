/**
 * A sink follows the log with a cursor of its own: it reads pages, takes each in with one transaction that also moves
 * the cursor, and tries a page again while its target cannot be reached. It knows nothing of the other sinks.
 */
import { setTimeout as delay, setImmediate } from "node:timers/promises";
import {
  type Clock,
  CursorMoved,
  type EntryPage,
  type EventFilter,
  type EventStore,
  type ReadPage,
  type SubscribeOptions,
} from "@sluice/domain";
import type { Logger } from "pino";
import { CursorBeyondLog, checkCursor } from "./cursor-check.ts";

export interface SinkStatus {
  readonly name: string;
  readonly cursor: string | null;
  readonly lagEvents: number;
  /** Age of the oldest event not yet taken in. */
  readonly lagSeconds: number;
  readonly lastError: string | null;
  /** Milliseconds since the epoch at which it began to fail; null while it works. */
  readonly failingSince: number | null;
}

export interface SinkTask {
  readonly name: string;
  readonly filter: EventFilter;
  cursor(): Promise<string | null>;
  /** Takes one page in: everything and the cursor, or nothing. */
  take(page: ReadPage, from: string | null): Promise<void>;
}

/** A sink that takes the log as entries of the tree, from where it finds them. */
export interface EntrySinkTask extends Omit<SinkTask, "filter" | "take"> {
  /** As `EventStore.subscribe`. */
  pages(options: SubscribeOptions): AsyncIterable<EntryPage>;
  take(page: EntryPage, from: string | null): Promise<void>;
}

export interface SinkDependencies {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
}

interface PageToTake extends Pick<ReadPage, "position" | "atEnd"> {
  take(from: string | null): Promise<void>;
}

async function* pagesToTake<P extends Pick<ReadPage, "position" | "atEnd">>(
  pages: AsyncIterable<P>,
  task: { take(page: P, from: string | null): Promise<void> },
): AsyncGenerator<PageToTake> {
  for await (const page of pages) {
    const { position, atEnd } = page;
    yield { position, atEnd, take: (from) => task.take(page, from) };
  }
}

const pagesOf = (task: SinkTask | EntrySinkTask, store: EventStore, options: SubscribeOptions) =>
  "pages" in task
    ? pagesToTake(task.pages(options), task)
    : pagesToTake(store.subscribe({ ...options, filter: task.filter }), task);

/** Reads the next page while the last one is being taken in: with a store that reads in a thread, both at once. */
async function* readAhead<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pages[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (let result = await next; !result.done; result = await next) {
      next = iterator.next();
      yield result.value;
    }
  } finally {
    // What is still being read is of no interest any more, nor is its failure; it may take until the next append.
    next.catch(() => {});
    void iterator.return?.();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

const RETRY_MS = { first: 100, most: 10_000 };
const HEAD_MS = 20;

export class LogFollower {
  readonly #deps: SinkDependencies;
  readonly #task: SinkTask | EntrySinkTask;
  #cursor: string | null = null;
  #lastError: string | null = null;
  #failingSince: number | null = null;
  readonly #caughtUp = Promise.withResolvers<void>();

  constructor(task: SinkTask | EntrySinkTask, dependencies: SinkDependencies) {
    this.#task = task;
    this.#deps = dependencies;
  }

  /** Resolves when the end of the log has been reached for the first time. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  /** Runs until the signal; trouble is retried, never thrown. */
  async run(signal: AbortSignal): Promise<void> {
    let wait = RETRY_MS.first;
    while (!signal.aborted) {
      try {
        this.#cursor = await this.#task.cursor();
        await checkCursor(this.#deps.store, this.#task.name, this.#cursor);
        if ((await this.#deps.store.countAfter(this.#cursor)) === 0) this.#caughtUp.resolve();
        const pages = pagesOf(this.#task, this.#deps.store, {
          signal,
          ...(this.#cursor === null ? {} : { after: this.#cursor }),
        });
        for await (const page of readAhead(pages)) {
          if (page.position !== null && page.position !== this.#cursor) {
            await page.take(this.#cursor);
            this.#cursor = page.position;
            this.#recovered();
            wait = RETRY_MS.first;
          }
          if (page.atEnd) this.#caughtUp.resolve();
          // With a store that answers at once nothing else would get a turn: neither a question for the status nor a stop.
          await setImmediate();
        }
      } catch (error) {
        // The cursor is read again, so it does not matter how far the failed page came.
        if (error instanceof CursorMoved) this.#deps.log.warn({ sink: this.#task.name, err: error }, "cursor moved");
        else this.#failed(error);
        // The log may grow past the cursor, and would then look as if all were well.
        if (error instanceof CursorBeyondLog) return aborted(signal);
        await delay(wait, undefined, { signal }).catch(() => {});
        wait = Math.min(wait * 2, RETRY_MS.most);
      }
    }
  }

  /** Resolves when everything that the log has now has been taken in, or at the signal. */
  async reachHead(signal: AbortSignal): Promise<void> {
    let head: string | null | undefined;
    while (!signal.aborted) {
      try {
        head ??= await this.#deps.store.head();
        if (head === null || (this.#cursor !== null && this.#deps.store.compare(this.#cursor, head) >= 0)) return;
        if ((await this.#deps.store.countAfter(this.#cursor)) === 0) return;
      } catch (error) {
        this.#deps.log.debug({ err: error }, "the log cannot be read; trying again");
      }
      await delay(HEAD_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** While another gateway does the work: how far that one is. */
  async standbyStatus(): Promise<SinkStatus> {
    this.#cursor = await this.#task.cursor();
    return this.status();
  }

  async status(): Promise<SinkStatus> {
    const lagEvents = await this.#deps.store.countAfter(this.#cursor);
    return {
      name: this.#task.name,
      cursor: this.#cursor,
      lagEvents,
      lagSeconds: lagEvents === 0 ? 0 : await this.#age(),
      lastError: this.#lastError,
      failingSince: this.#failingSince,
    };
  }

  async #age(): Promise<number> {
    const page = await this.#deps.store.readAll({
      limit: 1,
      ...(this.#cursor === null ? {} : { after: this.#cursor }),
    });
    const oldest = page.events[0];
    return oldest === undefined ? 0 : Math.max(0, (this.#deps.clock.now() - Date.parse(oldest.recordedAt)) / 1000);
  }

  #failed(error: unknown): void {
    this.#lastError = error instanceof Error ? error.message : String(error);
    if (this.#failingSince === null)
      this.#deps.log.error({ sink: this.#task.name, err: error }, "sink fails; retrying");
    this.#failingSince ??= this.#deps.clock.now();
  }

  #recovered(): void {
    if (this.#failingSince === null) return;
    this.#deps.log.info({ sink: this.#task.name }, "sink works again");
    this.#failingSince = null;
    this.#lastError = null;
  }
}
