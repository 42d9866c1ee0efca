/**
 * Reading the log. Every read has a deadline, which the server is told, and a bound on how much it looks at: a page
 * that found little says how far it came.
 */
import type { ReadReq, ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import type { RecordedEvent } from "@sluice/contracts";
import type { ReadAllOptions, ReadPage, ReadStreamOptions } from "@sluice/domain";
import type { Settings } from "./config.ts";
import type { Connection } from "./connection.ts";
import { type DecodedEvent, decodeEvent, eventPosition, revisionOf } from "./event-codec.ts";
import { NoAnswer } from "./failures.ts";
import { EventMatcher, type ServerFilter, serverFilter } from "./log-filter.ts";
import { backwards, forwards, ofStream, subscription, WINDOW } from "./log-requests.ts";
import { PageBuilder } from "./page.ts";
import { BEGINNING, isBefore, type Position, parsePosition, positionText } from "./position.ts";
import { ResponseFeed } from "./response-feed.ts";

/** Events that one page looks at, at the most. */
const LOOK_LIMIT = 10_000;

/** Milliseconds from giving up to the deadline that the server is told. */
const LATE_MS = 1_000;

interface Plan {
  readonly filter: ServerFilter;
  readonly isBackwards: boolean;
  readonly limit: number;
}

interface Fill {
  readonly request: ReadReq;
  /** Events that end the page, wanted or not. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

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

  /** A stream's last version, 0 when it has none, and its last events, the newest first. */
  async streamEnd(stream: string, count: number): Promise<{ version: number; events: readonly DecodedEvent[] }> {
    const responses = await this.#responses(ofStream(this.#settings.streamPrefix + stream, null, count, true));
    const [last] = responses;
    return { version: last ? revisionOf(last) + 1 : 0, events: this.#decoded(responses) };
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
    if (!isBackwards && after !== null && !isBefore(after, head.at)) return EMPTY;
    const end = isBackwards ? BEGINNING : head.at;
    if (matcher.impossible) {
      page.moveTo(end);
      return page.take(true);
    }
    if (filter.stream !== undefined) return this.#streamPage(page, end, filter.stream, isBackwards);
    return this.#page(page, end, {
      filter: serverFilter(filter, this.#settings.streamPrefix),
      isBackwards,
      limit: options.limit,
    });
  }

  /**
   * The server reads on until it has found as many events as were asked for, and does not say how far it has looked.
   * When it has found nothing in half of the time that there is, a part of the log is read in a way that tells.
   */
  async #page(page: PageBuilder, end: Position, { filter, isBackwards, limit }: Plan): Promise<ReadPage> {
    const deadline = this.deadline();
    const from = page.position;
    const first = await this.#connection.onLeader(deadline, () => {
      // Forwards, the event at the position comes once more.
      const count = (filter.whole ? limit : LOOK_LIMIT) + 1;
      const request = isBackwards ? backwards(filter, from, count) : forwards(filter, from, count);
      return this.#fill(page, end, { request, count, until: deadline - this.#settings.deadlineMs / 2 });
    });
    if (first !== null) return first;
    const second = await this.#connection.onLeader(deadline, () => {
      // Backwards there are no subscriptions: everything is sent, and what is not wanted is left out here.
      const request = isBackwards ? backwards(null, from, LOOK_LIMIT) : subscription(filter, from);
      return this.#fill(page, end, { request, count: LOOK_LIMIT, until: deadline });
    });
    if (second === null) throw new NoAnswer("EventStoreDB: no answer within the deadline");
    return second;
  }

  /** Of one stream, which the server has an index of. */
  async #streamPage(page: PageBuilder, end: Position, stream: string, isBackwards: boolean): Promise<ReadPage> {
    const name = this.#settings.streamPrefix + stream;
    const from = page.position;
    const next = from === null ? null : await this.#firstRevision(name, from, isBackwards);
    const revision = isBackwards && next !== null ? next - 1 : next;
    if (revision === -1) return ended(page, end);
    const deadline = this.deadline();
    const filled = await this.#connection.onLeader(deadline, () => {
      const request = ofStream(name, revision, LOOK_LIMIT, isBackwards);
      return this.#fill(page, end, { request, count: LOOK_LIMIT, until: deadline });
    });
    if (filled === null) throw new NoAnswer("EventStoreDB: no answer within the deadline");
    return filled;
  }

  /** Of the stream's first event after a position, or also at it: a binary search. Where there is none, the next one. */
  async #firstRevision(name: string, position: Position, orAt: boolean): Promise<number> {
    const isAfter = (at: Position | null): boolean =>
      at === null || isBefore(position, at) || (orAt && !isBefore(at, position));
    const place = async (revision: number | null): Promise<{ revision: number; at: Position | null } | null> => {
      const [response] = await this.#responses(ofStream(name, revision, 1, revision === null));
      if (response === undefined) return null;
      return { revision: revisionOf(response), at: eventPosition(response) };
    };
    const last = await place(null);
    if (last === null || !isAfter(last.at)) return (last?.revision ?? -1) + 1;
    let low = 0;
    for (let high = last.revision; low < high; ) {
      const middle = Math.floor((low + high) / 2);
      // What was cut off from the stream's beginning gives the first one that is left.
      const found = await place(middle);
      if (found === null || isAfter(found.at)) high = middle;
      else low = found.revision + 1;
    }
    return low;
  }

  /** Null when nothing came in time. */
  async #fill(page: PageBuilder, end: Position, { request, count, until }: Fill): Promise<ReadPage | null> {
    // The server ends the call a little later, so that it does not fail while what came is taken in.
    const feed = await this.feed(request, until + LATE_MS, until);
    try {
      for (let received = 0; Date.now() < until; ) {
        for (const response of await feed.take(until - Date.now())) {
          received += response.hasEvent() ? 1 : response.hasCheckpoint() ? WINDOW : 0;
          page.add(response);
          if (page.full) return page.take(page.isAt(end));
          if (page.past || response.hasCaughtUp()) return ended(page, end);
        }
        if (feed.ended && received < count) return ended(page, end);
        if (feed.ended || received >= count) break;
      }
      return page.moved ? page.take(page.isAt(end)) : null;
    } finally {
      feed.cancel();
    }
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

const ended = (page: PageBuilder, end: Position): ReadPage => {
  page.moveTo(end);
  return page.take(true);
};

export const headText = (head: DecodedEvent | null): string | null => (head === null ? null : positionText(head.at));
