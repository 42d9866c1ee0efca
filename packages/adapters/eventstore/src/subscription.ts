/**
 * A subscription to the log: the server's own, filtered by it, which is begun again after the last page when it drops.
 *
 * The server says how far it has looked every so often, not for every event that it passes over. While nothing comes,
 * the log's end is asked for, and what lies between is read as a page: a cursor then stands at the end when there is
 * nothing more for it, and a subscription that has died without a word is found out.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ReadPage, SubscribeOptions } from "@sluice/domain";
import type { Settings } from "./config.ts";
import { NotLeader } from "./failures.ts";
import { EventMatcher, serverFilter } from "./log-filter.ts";
import type { LogReader } from "./log-read.ts";
import { subscription } from "./log-requests.ts";
import { PageBuilder } from "./page.ts";
import { isBefore, type Position, parsePosition, positionText } from "./position.ts";
import type { ResponseFeed } from "./response-feed.ts";

const PAGE_SIZE = 1_000;

/** Milliseconds in which what follows an event at once still comes into its page. */
const GATHER_MS = 3;

/** By how much the check grows rarer while it finds nothing: the server may have to look through others' events for it. */
const MOST_IDLE = 4;

/** Drops, and failures to begin again, with no page in between, after which the log counts as unreadable. */
const MOST_FAILURES = 3;
const RETRY_MS = 100;

export class LogSubscription {
  readonly #reader: LogReader;
  readonly #settings: Settings;
  readonly #options: SubscribeOptions;
  readonly #limit: number;
  readonly #page: PageBuilder;
  #feed: ResponseFeed | null = null;
  /** The log's end when the subscription was begun; beyond it, pages are live. */
  #end: Position | null = null;

  /** @throws RangeError */
  constructor(reader: LogReader, settings: Settings, options: SubscribeOptions) {
    const { after, filter = {}, pageSize = PAGE_SIZE } = options;
    this.#reader = reader;
    this.#settings = settings;
    this.#options = options;
    this.#limit = pageSize;
    this.#page = new PageBuilder({
      prefix: settings.streamPrefix,
      matcher: new EventMatcher(filter, false),
      limit: pageSize,
      after: after === undefined ? null : parsePosition(after),
    });
  }

  /** @throws EventStoreUnavailable */
  async *pages(): AsyncGenerator<ReadPage> {
    const { signal } = this.#options;
    const stop = (): void => this.#feed?.cancel();
    signal.addEventListener("abort", stop);
    try {
      let failures = 0;
      let failingSince: number | null = null;
      while (!signal.aborted) {
        try {
          for await (const page of this.#livePages()) {
            failures = 0;
            failingSince = null;
            yield page;
            if (signal.aborted) return;
          }
        } catch (error) {
          if (signal.aborted) return;
          failingSince ??= Date.now();
          // Who leads may change more than once before it is settled.
          if (!(error instanceof NotLeader)) failures++;
          const isLate = Date.now() - failingSince >= this.#settings.deadlineMs;
          if (failures >= MOST_FAILURES || isLate || error instanceof RangeError) throw error;
        }
        await delay(RETRY_MS * Math.max(1, failures), undefined, { signal }).catch(() => undefined);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#feed?.cancel();
    }
  }

  /** Until the subscription ends. */
  async *#livePages(): AsyncGenerator<ReadPage> {
    const feed = await this.#begin();
    const page = this.#page;
    for (let idleMs = this.#settings.idleCheckMs; !feed.ended; ) {
      const responses = await feed.take(page.moved ? GATHER_MS : idleMs);
      for (const response of responses) {
        page.add(response);
        if (response.hasCaughtUp() && this.#end !== null) page.moveTo(this.#end);
        if (page.full) yield page.take(this.#isLive());
      }
      if (responses.length > 0) idleMs = this.#settings.idleCheckMs;
      if (responses.length > 0 || this.#options.signal.aborted) continue;
      if (page.moved) {
        yield page.take(this.#isLive());
      } else {
        yield* this.#lookAhead();
        idleMs = Math.min(idleMs * 2, this.#settings.idleCheckMs * MOST_IDLE);
      }
    }
  }

  async #begin(): Promise<ResponseFeed> {
    this.#feed?.cancel();
    const { filter = {} } = this.#options;
    this.#end = await this.#head();
    const request = subscription(serverFilter(filter, this.#settings.streamPrefix), this.#page.position);
    const opening = this.#reader.feed(request, Number.POSITIVE_INFINITY, this.#reader.deadline());
    opening.then((feed) => this.#options.signal.aborted && feed.cancel()).catch(() => undefined);
    const feed = await this.#unlessAborted(opening);
    this.#feed = feed;
    return feed;
  }

  async #head(): Promise<Position | null> {
    const head = await this.#unlessAborted(this.#reader.head());
    return head?.at ?? null;
  }

  async *#lookAhead(): AsyncGenerator<ReadPage> {
    const end = await this.#head();
    const { position } = this.#page;
    if (end === null || (position !== null && !isBefore(position, end))) return;
    const reading = this.#reader.readAll({
      limit: this.#limit,
      ...(position === null ? {} : { after: positionText(position) }),
      ...(this.#options.filter ? { filter: this.#options.filter } : {}),
    });
    const page = await this.#unlessAborted(reading);
    if (page.position === null) return;
    this.#page.moveTo(parsePosition(page.position));
    // Nothing of it is in the page that is being filled.
    this.#page.take(false);
    yield page;
  }

  /** @throws what the promise rejects with, or the signal's reason */
  async #unlessAborted<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#options;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #isLive(): boolean {
    const { position } = this.#page;
    return this.#end === null || (position !== null && !isBefore(position, this.#end));
  }
}
