/**
 * Appends, each event once.
 *
 * With an exact version the server itself recognises a batch that is sent again, by the ids at those versions, however
 * late. With `any` and `exists` it does so by a cache of its last events, some 100,000, which a restart or another
 * leader empties. Therefore this store keeps the ids that it has appended, and reads the end of a stream before it first
 * appends to it in that way. A batch that may have been committed, since its append failed, is looked for at the end of
 * the stream, and then appended at exactly that end: if it is committed after all meanwhile, the version is wrong, and
 * it is looked for again.
 *
 * Every append puts an id of its own into the events' metadata, and reads its last event back: whose it is tells a first
 * writing from a repetition, and it has the instant of recording, which the server's answer lacks.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { StreamAppend } from "@sluice/domain";
import { type AppendResult, EventRejected, EventStoreUnavailable, WrongExpectedVersion } from "@sluice/domain";
import { AppendChannel } from "./append-channel.ts";
import type { Settings } from "./config.ts";
import { type Connection, LEADER_RETRY_MS } from "./connection.ts";
import { type DecodedEvent, type EncodedAppend, encodeAppend } from "./event-codec.ts";
import { ConnectionLost, NoAnswer, NotLeader } from "./failures.ts";
import type { LogReader } from "./log-read.ts";
import { positionText } from "./position.ts";
import { type Place, RecentIds } from "./recent-ids.ts";

/** Events at the end of a stream whose ids are read. */
const TAIL = 500;

const INDEXING_MS = 5;

export class LogAppender {
  readonly #reader: LogReader;
  readonly #settings: Settings;
  readonly #channel: AppendChannel;
  readonly #recent = new RecentIds();
  /** By id of the events. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** Ends of streams that are being read. */
  readonly #ends = new Map<string, ReturnType<LogReader["streamEnd"]>>();
  /** By stream, the last of the appends in doubt. */
  readonly #doubts = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(connection: Connection, reader: LogReader, settings: Settings) {
    this.#reader = reader;
    this.#settings = settings;
    this.#channel = new AppendChannel(connection, settings.streamPrefix);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  /** @throws WrongExpectedVersion, EventRejected, EventStoreUnavailable */
  append(batch: readonly StreamAppend[]): Promise<AppendResult> {
    const append = encodeAppend(batch, { appendId: randomUUID(), maxBytes: this.#settings.maxAppendBytes });
    const appending = this.#once(append).finally(() => this.#running.delete(appending));
    this.#running.add(appending);
    return appending;
  }

  /** Waits for those under way that have some of its events, then appends what is not there yet. */
  async #once(append: EncodedAppend): Promise<AppendResult> {
    for (;;) {
      const same = append.events.map(({ id }) => this.#underWay.get(id)).find((other) => other !== undefined);
      if (same === undefined) break;
      await Promise.allSettled([same]);
    }
    const appending = this.#append(append);
    for (const { id } of append.events) this.#underWay.set(id, appending);
    const ids = append.events.map(({ id }) => id);
    try {
      const result = await appending;
      this.#recent.markDoubtful(ids, false);
      return result;
    } catch (error) {
      if (error instanceof EventStoreUnavailable) this.#recent.markDoubtful(ids, true);
      throw error;
    } finally {
      for (const id of ids) this.#underWay.delete(id);
    }
  }

  async #append(append: EncodedAppend): Promise<AppendResult> {
    const { stream, expected } = append;
    if (typeof expected === "number" && !(Number.isSafeInteger(expected) && expected >= 0)) {
      const { version } = await this.#reader.streamEnd(stream, 1);
      throw new WrongExpectedVersion(stream, expected, version);
    }
    const isExact = expected !== "any" && expected !== "exists";
    if (!isExact && !this.#recent.hasSeen(stream)) await this.#seeEnd(stream);
    const known = await this.#known(append);
    if (known) return known;
    const deadline = Date.now() + this.#settings.deadlineMs;
    return isExact ? this.#sendExact(append, deadline) : this.#sendAnywhere(append, deadline);
  }

  /**
   * Again, the same batch, while there is no answer and the deadline is not reached: the server drops a repetition of
   * what it is still committing without a word.
   */
  async #sendExact(append: EncodedAppend, deadline: number): Promise<AppendResult> {
    for (let tries = 1; ; tries++) {
      try {
        const sent = await this.#send(append, deadline);
        if (typeof sent !== "number") return sent;
        throw await this.#refusal(append, sent);
      } catch (error) {
        await beforeAnother(error, tries, deadline);
      }
    }
  }

  /** With `any` or `exists`; in doubt one after the other, so that they do not get into each other's way. */
  async #sendAnywhere(append: EncodedAppend, deadline: number): Promise<AppendResult> {
    if (!this.#recent.isDoubtful(append.events.map(({ id }) => id))) {
      try {
        const sent = await this.#send(append, deadline);
        if (typeof sent !== "number") return sent;
        throw await this.#refusal(append, sent);
      } catch (error) {
        await beforeAnother(error, 1, deadline);
      }
    }
    const { stream } = append;
    const before = this.#doubts.get(stream) ?? Promise.resolve();
    const sending = before.then(() => this.#sendInDoubt(append, deadline));
    const settled = sending.then(
      () => undefined,
      () => undefined,
    );
    this.#doubts.set(stream, settled);
    return sending.finally(() => {
      if (this.#doubts.get(stream) === settled) this.#doubts.delete(stream);
    });
  }

  async #sendInDoubt(append: EncodedAppend, deadline: number): Promise<AppendResult> {
    for (let tries = 1; ; ) {
      try {
        const version = await this.#seeEnd(append.stream);
        const known = await this.#known(append);
        if (known) return known;
        if (append.expected === "exists" && version === 0) throw new WrongExpectedVersion(append.stream, "exists", 0);
        const sent = await this.#send({ ...append, expected: version }, deadline);
        if (typeof sent !== "number") return sent;
        if (Date.now() >= deadline) throw new NoAnswer("EventStoreDB: others append to the stream all the time");
        // What was written may not be there for readers yet.
        await delay(INDEXING_MS);
      } catch (error) {
        await beforeAnother(error, tries++, deadline);
      }
    }
  }

  /** @returns the stream's version where it is not as expected @throws EventStoreUnavailable it may be written or not */
  async #send(append: EncodedAppend, deadline: number): Promise<AppendResult | number> {
    const { stream, events } = append;
    const outcome = await this.#channel.append(append, Math.min(deadline, Date.now() + this.#settings.resendMs));
    const version = outcome.revision + 1;
    if (outcome.kind === "wrong revision") return version;
    const last = await this.#eventAt(append, version);
    if (!last) throw new EventStoreUnavailable(`EventStoreDB does not give back version ${version} of ${stream}`);
    this.#remember(append, version - events.length + 1);
    return result(last, append);
  }

  #remember({ stream, events }: EncodedAppend, first: number): void {
    for (const [index, { id }] of events.entries()) this.#recent.add(id, { stream, version: first + index });
  }

  /** The result of the batch's first appending, by the ids that are known; null when none is. */
  async #known(append: EncodedAppend): Promise<AppendResult | null> {
    const { events, stream } = append;
    const places = events.map(({ id }) => this.#recent.get(id));
    const found = places.filter((place) => place !== undefined);
    if (found.length === 0) return null;
    const elsewhere = found.find((place) => place.stream !== stream);
    if (elsewhere) throw new EventRejected(`the log has events of this batch already, in stream ${elsewhere.stream}`);
    if (found.length < events.length && !(await this.#isThere(append, places))) {
      throw partly(found.length, events.length);
    }
    const last = await this.#eventAt(append, this.#recent.get(events.at(-1)?.id ?? "")?.version ?? 0);
    if (last) return result(last, append);
    // The stream was deleted meanwhile, or cut off.
    for (const { id } of events) this.#recent.forget(id);
    return null;
  }

  /** Whether all of the batch is where the known part of it is: what was read of the stream may begin amid the batch. */
  async #isThere(append: EncodedAppend, places: readonly (Place | undefined)[]): Promise<boolean> {
    const { stream, events } = append;
    const index = places.findIndex((place) => place !== undefined);
    const first = (places[index]?.version ?? 0) - index;
    if (first < 1) return false;
    const there = await this.#reader.streamEvents(stream, { from: first, limit: events.length });
    const isThere = there.length === events.length && there.every(({ event }, at) => event.id === events[at]?.id);
    if (isThere) this.#remember(append, first);
    return isThere;
  }

  /** The batch's last event, if that is what is there. */
  async #eventAt(append: EncodedAppend, version: number): Promise<DecodedEvent | null> {
    const [found] = await this.#reader.streamEvents(append.stream, { from: version, limit: 1 });
    return found?.event.id === append.events.at(-1)?.id ? (found ?? null) : null;
  }

  /** The server refuses a batch of which the stream has a part in the same way as one that expects a wrong revision. */
  async #refusal({ stream, expected, events }: EncodedAppend, actual: number): Promise<Error> {
    const from = typeof expected === "number" ? expected + 1 : expected === "none" ? 1 : Math.max(1, actual - TAIL + 1);
    const limit = typeof expected === "string" && expected !== "none" ? TAIL : events.length;
    const ids = new Set(events.map(({ id }) => id));
    const there = await this.#reader.streamEvents(stream, { from, limit });
    const known = there.filter(({ event }) => ids.has(event.id)).length;
    if (known > 0) return partly(known, events.length);
    if (expected === "any") return new EventRejected(`the log has a part of this batch already, in stream ${stream}`);
    return new WrongExpectedVersion(stream, expected, actual);
  }

  /** Reads the end of the stream, and remembers it. @returns its last version, 0 when it has none */
  async #seeEnd(stream: string): Promise<number> {
    const reading = this.#ends.get(stream) ?? this.#reader.streamEnd(stream, TAIL);
    this.#ends.set(stream, reading);
    try {
      const { version, events } = await reading;
      for (const { event } of events.toReversed()) this.#recent.add(event.id, { stream, version: event.version });
      this.#recent.markSeen(stream);
      return version;
    } finally {
      if (this.#ends.get(stream) === reading) this.#ends.delete(stream);
    }
  }
}

/** Waits until it is time for another try. @throws the error where another try would not help */
const beforeAnother = async (error: unknown, tries: number, deadline: number): Promise<void> => {
  // A connection is made anew once; where that fails, nobody is there.
  const isWorthIt =
    error instanceof NoAnswer || error instanceof NotLeader || (error instanceof ConnectionLost && tries < 2);
  const pause = error instanceof NotLeader ? LEADER_RETRY_MS : 0;
  if (!isWorthIt || Date.now() + pause >= deadline) throw error;
  if (pause > 0) await delay(pause);
};

const partly = (known: number, count: number): EventRejected =>
  new EventRejected(`${known} of the batch's ${count} events are in the log already`);

const result = ({ event, at, appendId }: DecodedEvent, append: EncodedAppend): AppendResult => ({
  position: positionText(at),
  duplicate: appendId !== append.appendId,
  versions: [event.version],
  recordedAt: event.recordedAt,
});
