/**
 * Reading the log. Every read has a deadline, which the server is told, and a bound on how much it looks at: a page
 * that found little says how far it came.
 *
 * Forwards, a page is the beginning of a filtered subscription: unlike the server's filtered read, it says how far the
 * server has looked where it finds nothing. It ends at what was the log's end when it began.
 */
import type { ReadReq, ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import type { RecordedEvent } from "@sluice/contracts";
import type { EventFilter, ReadAllOptions, ReadPage, ReadStreamOptions } from "@sluice/domain";
import type { Settings } from "./config.ts";
import type { Connection } from "./connection.ts";
import { type DecodedEvent, decodeEvent } from "./event-codec.ts";
import { NoAnswer } from "./failures.ts";
import { EventMatcher, type ServerFilter, serverFilter } from "./log-filter.ts";
import { backwards, ofStream, subscription, WINDOW } from "./log-requests.ts";
import { PageBuilder } from "./page.ts";
import { BEGINNING, isBefore, type Position, parsePosition, positionText } from "./position.ts";
import { ResponseFeed } from "./response-feed.ts";

/** Events that one page looks at, at the most. */
const LOOK_LIMIT = 10_000;

const EMPTY: ReadPage = { events: [], position: null, atEnd: true };

export class LogReader {
  readonly #connection: Connection;
  readonly #settings: Settings;

  constructor(connection: Connection, settings: Settings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  /** Begins a call. The caller cancels the feed. @throws EventStoreUnavailable */
  async feed(request: ReadReq, deadline: number, connectBy = deadline): Promise<ResponseFeed> {
    const call = await this.#connection.call(
      (client, [metadata, options]) => client.read(request, metadata, options),
      deadline,
      connectBy,
    );
    return new ResponseFeed(call);
  }

  deadline(): number {
    return Date.now() + this.#settings.deadlineMs;
  }

  /** The store's last event; null when it has none. */
  async head(): Promise<DecodedEvent | null> {
    const all = serverFilter({}, this.#settings.streamPrefix);
    // Of the server's own events there may be some in the store's streams, such as the mark of a deleted one.
    for (const count of [1, 1_000]) {
      const responses = await this.#responses(backwards(all, null, count));
      for (const response of responses) {
        const decoded = decodeEvent(response, this.#settings.streamPrefix);
        if (decoded) return decoded;
      }
      if (responses.length < count) break;
    }
    return null;
  }

  /** The last events, the newest first. */
  async lastEvents(count: number): Promise<readonly DecodedEvent[]> {
    const all = serverFilter({}, this.#settings.streamPrefix);
    return this.#decoded(await this.#responses(backwards(all, null, count)));
  }

  async readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return (await this.streamEvents(stream, options)).map(({ event }) => event);
  }

  async streamEvents(stream: string, { from, limit, direction }: ReadStreamOptions): Promise<readonly DecodedEvent[]> {
    const isBackwards = direction === "backwards";
    if (isBackwards && from !== undefined && from < 1) return [];
    const revision = from === undefined ? null : Math.max(0, from - 1);
    const name = this.#settings.streamPrefix + stream;
    return this.#decoded(await this.#responses(ofStream(name, revision, limit, isBackwards)));
  }

  async readAll(options: ReadAllOptions): Promise<ReadPage> {
    const filter = options.filter ?? {};
    const isBackwards = options.direction === "backwards";
    const after = options.after === undefined ? null : parsePosition(options.after);
    const matcher = new EventMatcher(filter, isBackwards);
    const page = new PageBuilder({
      prefix: this.#settings.streamPrefix,
      matcher,
      limit: options.limit,
      backwards: isBackwards,
      after,
    });
    const head = await this.head();
    if (head === null) return EMPTY;
    const end = isBackwards ? BEGINNING : head.at;
    if (matcher.impossible) page.moveTo(end);
    if (page.moved) return page.take(true);
    return isBackwards
      ? this.#pageBackwards(page, serverFilter(filter, this.#settings.streamPrefix), options.limit)
      : this.#pageForwards(page, filter, head.at);
  }

  async #pageForwards(page: PageBuilder, filter: EventFilter, head: Position): Promise<ReadPage> {
    const after = page.position;
    if (after !== null && !isBefore(after, head)) return EMPTY;
    const narrow = serverFilter(filter, this.#settings.streamPrefix);
    return this.#onLeader(async (deadline) => {
      const feed = await this.feed(subscription(narrow, after), deadline);
      try {
        for (let looked = 0; !feed.ended && looked < LOOK_LIMIT && !page.past; ) {
          for (const response of await this.#portion(feed, page, deadline)) {
            page.add(response);
            looked += response.hasCheckpoint() ? WINDOW : 0;
            if (page.full) return page.take(!before(page.position, head));
            // What has come is later than all that there was, or all that there was has come.
            if (page.past || response.hasCaughtUp() || !before(page.position, head)) {
              page.moveTo(head);
              return page.take(true);
            }
          }
          if (Date.now() >= deadline) break;
        }
        if (!page.moved) throw new NoAnswer("EventStoreDB: no answer within the deadline");
        return page.take(false);
      } finally {
        feed.cancel();
      }
    });
  }

  /**
   * The server does not say how far it has looked. When it finds nothing for half of the time that there is, a part of
   * the log is read as it is, so that the page gets on.
   */
  async #pageBackwards(page: PageBuilder, filter: ServerFilter, limit: number): Promise<ReadPage> {
    const before = page.position;
    const count = filter.whole ? limit : LOOK_LIMIT;
    const half = this.#settings.deadlineMs / 2;
    const done = await this.#onLeader((deadline) =>
      this.#addBackwards(page, backwards(filter, before, count), count, deadline - half),
    );
    if (done !== null) return done;
    const all = await this.#onLeader((deadline) =>
      this.#addBackwards(page, backwards(null, before, LOOK_LIMIT), LOOK_LIMIT, deadline),
    );
    if (all === null) throw new NoAnswer("EventStoreDB: no answer within the deadline");
    return all;
  }

  /** Null when nothing came until the deadline. */
  async #addBackwards(page: PageBuilder, request: ReadReq, count: number, deadline: number): Promise<ReadPage | null> {
    const feed = await this.feed(request, deadline + 1_000);
    let received = 0;
    try {
      while (!feed.ended && Date.now() < deadline) {
        for (const response of await feed.take(deadline - Date.now())) {
          if (!response.hasEvent()) continue;
          received++;
          page.add(response);
          if (page.full) return page.take(false);
          if (page.past) break;
        }
        if (page.past) break;
      }
      const atEnd = page.past || (feed.ended && received < count);
      if (atEnd && !page.moved && page.position !== BEGINNING) page.moveTo(BEGINNING);
      if (!atEnd && !page.moved) return null;
      return page.take(atEnd);
    } finally {
      feed.cancel();
    }
  }

  /** What came within the time that there is; nothing when it ran out after the page had moved. */
  async #portion(feed: ResponseFeed, page: PageBuilder, deadline: number): Promise<readonly ReadResp[]> {
    const responses = await feed.take(Math.max(0, deadline - Date.now())).catch((error) => {
      if (page.moved && error instanceof NoAnswer) return [];
      throw error;
    });
    if (responses.length === 0 && !page.moved) throw new NoAnswer("EventStoreDB: no answer within the deadline");
    return responses;
  }

  #responses(request: ReadReq): Promise<readonly ReadResp[]> {
    return this.#onLeader(async (deadline) => {
      const feed = await this.feed(request, deadline);
      const responses: ReadResp[] = [];
      try {
        while (!feed.ended) {
          for (const response of await feed.take(Math.max(0, deadline - Date.now()))) {
            if (response.hasEvent()) responses.push(response);
          }
          if (Date.now() >= deadline && !feed.ended) throw new NoAnswer("EventStoreDB: no answer within the deadline");
        }
        return responses;
      } finally {
        feed.cancel();
      }
    });
  }

  #onLeader<T>(work: (deadline: number) => Promise<T>): Promise<T> {
    const deadline = this.deadline();
    return this.#connection.onLeader(deadline, () => work(deadline));
  }

  #decoded(responses: readonly ReadResp[]): readonly DecodedEvent[] {
    return responses
      .map((response) => decodeEvent(response, this.#settings.streamPrefix))
      .filter((decoded) => decoded !== null);
  }
}

const before = (position: Position | null, other: Position): boolean => position === null || isBefore(position, other);

export const headText = (head: DecodedEvent | null): string | null => (head === null ? null : positionText(head.at));
