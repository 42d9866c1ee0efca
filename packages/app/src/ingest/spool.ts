/**
 * Store and forward: what came in while the event log could not be reached, on disk on this machine, and where its way
 * to the log has come to.
 *
 * Entries are fed to the log several at a time, so that many small ones cost few appends. One goes when the log has it.
 * A crash in between leaves entries that the log has already: at most those of the batches that were under way, and of
 * as many whose removal was. So the first entries of a new run are looked up.
 */
import { setTimeout as delay } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import {
  type EventStore,
  type MessageSpool,
  parseStream,
  type ReceivedMessage,
  type SpoolEntry,
  SpoolFull,
  type SpoolStatus,
  SpoolUnavailable,
} from "@sluice/domain";
import type { Logger } from "pino";
import { type BatchOrigin, recordKey } from "./decide-batch.ts";

export interface SpooledBatch {
  readonly messages: readonly ReceivedMessage[];
  readonly origin: BatchOrigin;
  /** Of the messages, as they will have them in the log. */
  readonly ids: readonly string[];
}

export interface SpoolReport extends SpoolStatus {
  /** Whether messages take the way through the spool now. */
  readonly active: boolean;
  /** Why it takes nothing; null when it does. */
  readonly lastError: string | null;
}

/** Entries that go to the log as one. */
export interface SpooledEntries {
  readonly ids: readonly number[];
  readonly content: SpooledBatch;
  /** An earlier run may have brought it to the log. */
  readonly mayBeRecorded: boolean;
}

export interface SpoolDependencies {
  readonly spool: MessageSpool;
  readonly store: EventStore;
  readonly log: Logger;
}

/** Of what is fed as one: entries at the most, and messages and bytes after which no further entry is added. */
const FED = { entries: 64, messages: 500, bytes: 8 * 1024 * 1024 };
/** Batches under way to the log at once. */
const FED_AHEAD = 2;
/** What an earlier run may have brought to the log: the last entry of each batch may go beyond its 500 messages. */
const DOUBTFUL = { entries: 2 * FED_AHEAD * FED.entries, messages: 2 * FED_AHEAD * 2 * FED.messages };
const RETRY_MS = 250;
/** Of one flow's newest events, where the store cannot look up a message. */
const SEARCHED_EVENTS = 20_000;
const FORMAT = 1;
const UNKNOWN = Number.MAX_SAFE_INTEGER;

export class Spool {
  readonly #deps: SpoolDependencies;
  /** The last entry that was given out by `next`. */
  #fed = 0;
  /** The last entry that there is; `UNKNOWN` until what an earlier run has left was read. */
  #last = 0;
  /** Read and not fed yet. */
  #ahead: readonly SpoolEntry[] = [];
  #doubtful = { entries: 0, messages: 0 };
  #settled: number[] = [];
  #removing: Promise<void> | null = null;
  #lastError: string | null = null;
  #stopped = false;

  constructor(dependencies: SpoolDependencies) {
    this.#deps = dependencies;
  }

  async start(): Promise<void> {
    await this.#deps.spool.start();
    if (this.isEmpty) return;
    this.#last = UNKNOWN;
    this.#doubtful = { ...DOUBTFUL };
  }

  /** Nothing is tried again from now on: it stays in the spool. */
  giveUp(): void {
    this.#stopped = true;
  }

  async stop(): Promise<void> {
    this.giveUp();
    await this.#removing;
    await this.#deps.spool.stop();
  }

  get isEmpty(): boolean {
    return this.#deps.spool.status().entries === 0;
  }

  report(active: boolean): SpoolReport {
    return { ...this.#deps.spool.status(), active, lastError: this.#lastError };
  }

  /** @returns the entries' ids; null when there is no room, or it cannot be written */
  async tryKeep(batches: readonly SpooledBatch[]): Promise<readonly number[] | null> {
    try {
      const ids = await this.#deps.spool.append(batches.map((batch) => serialize({ format: FORMAT, ...batch })));
      this.#lastError = null;
      // They are under way already: what follows them is fed after them.
      this.#fed = this.#last = Math.max(this.#fed, ...ids);
      this.#ahead = [];
      return ids;
    } catch (error) {
      this.#note(error);
      return null;
    }
  }

  /** Waits for room. @returns false when it was given up, and nothing was kept */
  async keep(batch: SpooledBatch, isClosing: () => boolean): Promise<boolean> {
    const data = serialize({ format: FORMAT, ...batch });
    for (;;) {
      try {
        this.#last = Math.max(...(await this.#deps.spool.append([data])));
        this.#lastError = null;
        return true;
      } catch (error) {
        this.#note(error);
      }
      if (isClosing()) return false;
      await delay(RETRY_MS);
    }
  }

  /** What goes to the log next; null when there is nothing now. */
  async next(): Promise<SpooledEntries | null> {
    await this.#removeSettled();
    if (this.#ahead.length === 0) {
      this.#ahead = await this.#deps.spool.read(this.#fed, { entries: FED.entries, bytes: FED.bytes });
    }
    if (this.#ahead.length === 0) {
      if (this.#last === UNKNOWN) this.#last = this.#fed;
      return null;
    }
    const fed = mergeable(this.#ahead);
    this.#ahead = this.#ahead.slice(fed.ids.length);
    this.#fed = fed.ids.at(-1) as number;
    const { entries, messages } = this.#doubtful;
    this.#doubtful = { entries: entries - fed.ids.length, messages: messages - fed.content.messages.length };
    return { ...fed, mayBeRecorded: entries > 0 && messages > 0 };
  }

  /** Whether every entry has been given out. */
  get isDrained(): boolean {
    return this.#last <= this.#fed;
  }

  /** The log has the entries. */
  settled(ids: readonly number[]): void {
    this.#settled.push(...ids);
    void this.#removeSettled();
  }

  /** Notes which of the batch's messages the log has already. */
  async findRecorded(batch: SpooledBatch & { readonly recorded: Set<string> }): Promise<void> {
    const { store } = this.#deps;
    if (!store.capabilities.messageIndex) return this.#searchRecorded(batch);
    for (const messageId of batch.ids) {
      const page = await store.readAll({ limit: 1_000, filter: { messageId, types: ["MessageReceived"] } });
      for (const { stream } of page.events) {
        batch.recorded.add(recordKey(messageId, parseStream(stream)?.flow ?? ""));
      }
    }
  }

  /** An entry that this gateway brought to the log just before it died is near the end of what its flows received. */
  async #searchRecorded(batch: SpooledBatch & { readonly recorded: Set<string> }): Promise<void> {
    const wanted = new Set(batch.ids);
    const page = await this.#deps.store.readAll({
      direction: "backwards",
      limit: SEARCHED_EVENTS,
      filter: { types: ["MessageReceived"] },
    });
    for (const { type, data } of page.events) {
      if (type === "MessageReceived" && wanted.has(data.messageId)) {
        batch.recorded.add(recordKey(data.messageId, data.flow));
      }
    }
  }

  /** Until it is done nothing more is given out: after a crash it would be too much to look up. */
  #removeSettled(): Promise<void> {
    if (this.#settled.length === 0) return this.#removing ?? Promise.resolve();
    this.#removing ??= this.#remove();
    return this.#removing;
  }

  async #remove(): Promise<void> {
    while (this.#settled.length > 0) {
      const ids = this.#settled;
      this.#settled = [];
      try {
        await this.#deps.spool.remove(ids);
      } catch (error) {
        this.#note(error);
        this.#settled.push(...ids);
        if (this.#stopped) break;
        await delay(RETRY_MS);
      }
    }
    // Here, and not when the promise resolves: what is settled in between would not be removed.
    this.#removing = null;
  }

  #note(error: unknown): void {
    if (!(error instanceof SpoolFull || error instanceof SpoolUnavailable)) throw error;
    if (this.#lastError === null) this.#deps.log.error({ err: error }, "the spool takes nothing; retrying");
    this.#lastError = error.message;
  }
}

/** The first entries, as far as they are of one origin. */
const mergeable = (entries: readonly SpoolEntry[]): Omit<SpooledEntries, "mayBeRecorded"> => {
  const ids: number[] = [];
  const messages: ReceivedMessage[] = [];
  const messageIds: string[] = [];
  let origin: BatchOrigin | null = null;
  for (const { id, data } of entries) {
    const batch = deserialize(data) as SpooledBatch;
    const other = origin !== null && (origin.broker !== batch.origin.broker || origin.source !== batch.origin.source);
    if (other || messages.length >= FED.messages) break;
    origin = batch.origin;
    ids.push(id);
    messages.push(...batch.messages);
    messageIds.push(...batch.ids);
  }
  return { ids, content: { messages, origin: origin as BatchOrigin, ids: messageIds } };
};
