/**
 * Appends, each event once.
 *
 * With an exact revision the server itself recognises a batch that is sent again, by the ids at those versions, however
 * late. With `any` and `exists` it does so by a cache of its last events, some 100,000, which a restart or another
 * leader empties; therefore this store keeps the ids that it has appended and, before it first appends to a stream in
 * that way and after every failure, reads the stream's last events.
 *
 * Every append puts an id of its own into the events' metadata, and reads its last event back: whose it is tells a first
 * writing from a repetition, and it has the instant of recording, which the server's answer lacks.
 */
import { randomUUID } from "node:crypto";
import type { StreamAppend } from "@sluice/domain";
import { type AppendResult, EventRejected, EventStoreUnavailable, WrongExpectedVersion } from "@sluice/domain";
import { AppendChannel, type AppendOutcome } from "./append-channel.ts";
import type { Settings } from "./config.ts";
import type { Connection } from "./connection.ts";
import { type DecodedEvent, type EncodedAppend, encodeAppend } from "./event-codec.ts";
import { ConnectionLost, NoAnswer } from "./failures.ts";
import type { LogReader } from "./log-read.ts";
import { positionText } from "./position.ts";
import { RecentIds } from "./recent-ids.ts";

/** Events at the end of a stream whose ids are read. */
const TAIL = 500;

export class LogAppender {
  readonly #connection: Connection;
  readonly #reader: LogReader;
  readonly #settings: Settings;
  readonly #channel: AppendChannel;
  readonly #recent = new RecentIds();
  /** By id of the events. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #tails = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(connection: Connection, reader: LogReader, settings: Settings) {
    this.#connection = connection;
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
    try {
      return await appending;
    } catch (error) {
      // It may be committed yet.
      if (error instanceof EventStoreUnavailable) this.#recent.markEndOf(append.stream, false);
      throw error;
    } finally {
      for (const { id } of append.events) this.#underWay.delete(id);
    }
  }

  async #append(append: EncodedAppend): Promise<AppendResult> {
    const { stream, expected } = append;
    if (typeof expected === "number" && !(Number.isSafeInteger(expected) && expected >= 0)) {
      const [last] = await this.#reader.streamEvents(stream, { limit: 1, direction: "backwards" });
      throw new WrongExpectedVersion(stream, expected, last?.event.version ?? 0);
    }
    if ((expected === "any" || expected === "exists") && !this.#recent.knowsEndOf(stream)) await this.#readTail(stream);
    const known = await this.#known(append);
    if (known) return known;
    const outcome = await this.#send(append);
    if (outcome.kind === "wrong revision") throw await this.#refusal(append, outcome.revision + 1);
    const version = outcome.revision + 1;
    const last = await this.#eventAt(append, version);
    if (last === null)
      throw new EventStoreUnavailable(`EventStoreDB does not give back version ${version} of ${stream}`);
    const first = version - append.events.length + 1;
    for (const [index, { id }] of append.events.entries()) this.#recent.add(id, { stream, version: first + index });
    return result(last, last.appendId !== append.appendId);
  }

  /**
   * Again, the same batch, while there is no answer and the deadline is not reached: the server drops a repetition of
   * what it is still committing without a word.
   */
  async #send(append: EncodedAppend): Promise<AppendOutcome> {
    const deadline = Date.now() + this.#settings.deadlineMs;
    return this.#connection.onLeader(deadline, async () => {
      for (let connectionLost = 0; ; ) {
        try {
          return await this.#channel.append(append, Math.min(deadline, Date.now() + this.#settings.resendMs));
        } catch (error) {
          if (error instanceof ConnectionLost) connectionLost++;
          else if (!(error instanceof NoAnswer)) throw error;
          if (connectionLost > 1 || Date.now() >= deadline) throw error;
        }
      }
    });
  }

  /** The result of the batch's first appending, by the ids that are known; null when none is. */
  async #known(append: EncodedAppend): Promise<AppendResult | null> {
    const { events, stream } = append;
    const places = events.map(({ id }) => this.#recent.get(id));
    const found = places.filter((place) => place !== undefined);
    if (found.length === 0) return null;
    const elsewhere = found.find((place) => place.stream !== stream);
    if (elsewhere) throw new EventRejected(`the log has events of this batch already, in stream ${elsewhere.stream}`);
    if (found.length < events.length) throw partly(found.length, events.length);
    const last = await this.#eventAt(append, places.at(-1)?.version ?? 0);
    if (last) return result(last, true);
    // The stream was deleted meanwhile, or cut off.
    for (const { id } of events) this.#recent.forget(id);
    return null;
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

  #readTail(stream: string): Promise<void> {
    const reading = this.#tails.get(stream) ?? this.#rememberTail(stream).finally(() => this.#tails.delete(stream));
    this.#tails.set(stream, reading);
    return reading;
  }

  async #rememberTail(stream: string): Promise<void> {
    const tail = await this.#reader.streamEvents(stream, { limit: TAIL, direction: "backwards" });
    for (const { event } of tail.toReversed()) this.#recent.add(event.id, { stream, version: event.version });
    this.#recent.markEndOf(stream, true);
  }
}

const partly = (known: number, count: number): EventRejected =>
  new EventRejected(`${known} of the batch's ${count} events are in the log already`);

const result = ({ event, at }: DecodedEvent, duplicate: boolean): AppendResult => ({
  position: positionText(at),
  duplicate,
  versions: [event.version],
  recordedAt: event.recordedAt,
});
