/**
 * receive → route → decide → append → acknowledge.
 *
 * Batches are decided in the order in which they arrive. One is acknowledged when its append has resolved, and not
 * before. While the log takes no appends nothing is acknowledged: the sources' windows fill, and the brokers hold the
 * rest.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Clock, EventStore, MessageSource, ReceivedMessage } from "@sluice/domain";
import type { Logger } from "pino";
import { CommitQueue, type Failing } from "./commit-queue.ts";
import { type BatchOrigin, type DecideDependencies, decideBatch } from "./decide-batch.ts";

export interface IngestStatus {
  /** Since the start. */
  readonly messages: number;
  readonly events: number;
  readonly commits: number;
  /** Messages that no flow matched: acknowledged and counted, not recorded. */
  readonly unrouted: number;
  readonly uncommitted: number;
  /** Set while appends fail. */
  readonly failing: Failing | null;
}

export interface IngestReceipt {
  /** In the order of the messages; null where no flow recorded it. */
  readonly messageIds: readonly (string | null)[];
}

export interface IngestDependencies extends DecideDependencies {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Batch {
  readonly messages: readonly ReceivedMessage[];
  readonly origin: BatchOrigin;
  /** Set on a message that the store refused: it is recorded as rejected for this reason. */
  readonly refusedFor?: string;
  messageIds: readonly (string | null)[];
}

/** A snapshot is due after this many events, but saving may take no more than a twentieth of the time. */
const SNAPSHOT_EVENTS = 100_000;
const SNAPSHOT_SHARE = 20;

export class IngestPipeline {
  readonly #deps: IngestDependencies;
  readonly #queue: CommitQueue<Batch>;
  /** Makes callers wait for each other, in order of arrival. */
  #turn: Promise<void> = Promise.resolve();
  readonly #totals = { messages: 0, events: 0, commits: 0, unrouted: 0 };
  #closing = false;
  #sinceSnapshot = 0;
  #nextSnapshotAt = 0;

  constructor(dependencies: IngestDependencies) {
    this.#deps = dependencies;
    this.#queue = new CommitQueue({
      store: dependencies.store,
      clock: dependencies.clock,
      log: dependencies.log,
      decide: (batch) => this.#decide(batch),
      resync: (thorough) => dependencies.registry.resync(thorough),
      isolate,
      onCommit: (position, events) => {
        dependencies.registry.moveTo(position);
        this.#totals.commits += 1;
        this.#totals.events += events;
        this.#sinceSnapshot += events;
      },
    });
  }

  status(): IngestStatus {
    const uncommitted = this.#queue.uncommitted.reduce((sum, batch) => sum + batch.messages.length, 0);
    return { ...this.#totals, uncommitted, failing: this.#queue.failing };
  }

  /** Takes everything in from one source, until the source ends. */
  async run(source: MessageSource): Promise<void> {
    for await (const batch of source.receive()) {
      const { durable } = await this.#submit(batch.messages, { source: "mqtt", broker: source.name });
      void durable.then(() => batch.ack());
      // What comes after this stays unacknowledged, and comes again.
      if (this.#closing) return;
    }
  }

  /** Resolves when the messages are durable; never rejects, waits as long as it takes. */
  async ingest(messages: readonly ReceivedMessage[], origin: BatchOrigin): Promise<IngestReceipt> {
    const { batch, durable } = await this.#submit(messages, origin);
    await durable;
    return { messageIds: batch.messageIds };
  }

  /** Resolves when all that was submitted is durable; after `graceMs` the rest stays unacknowledged. */
  async stop(graceMs: number): Promise<void> {
    this.#closing = true;
    const timeout = new AbortController();
    await Promise.race([this.#queue.drained(), delay(graceMs, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
    this.#queue.abandon();
    if (this.#queue.uncommitted.length === 0) await this.#snapshot();
  }

  #submit(
    messages: readonly ReceivedMessage[],
    origin: BatchOrigin,
  ): Promise<{ readonly batch: Batch; readonly durable: Promise<void> }> {
    const submitted = this.#turn.then(async () => {
      if (this.#sinceSnapshot >= SNAPSHOT_EVENTS && this.#deps.clock.now() >= this.#nextSnapshotAt) {
        await this.#queue.drained();
        await this.#snapshot();
      }
      await this.#queue.place();
      const batch: Batch = { messages, origin, messageIds: [] };
      const durable = this.#queue.push(batch);
      this.#totals.messages += messages.length;
      for (const id of batch.messageIds) if (id === null) this.#totals.unrouted += 1;
      return { batch, durable };
    });
    this.#turn = submitted.then(() => {});
    return submitted;
  }

  #decide(batch: Batch) {
    const decided = decideBatch(this.#deps, batch.messages, batch.origin, batch.refusedFor);
    batch.messageIds = decided.messageIds;
    return decided.appends;
  }

  async #snapshot(): Promise<void> {
    const started = performance.now();
    this.#sinceSnapshot = 0;
    try {
      await this.#deps.registry.saveSnapshot();
    } catch (error) {
      this.#deps.log.warn({ err: error }, "snapshot not saved; the next start replays more of the log");
    }
    this.#nextSnapshotAt = this.#deps.clock.now() + (performance.now() - started) * SNAPSHOT_SHARE;
  }
}

/** Halves a batch; what cannot be halved is recorded without its payload. */
const isolate = (batch: Batch, reason: string): readonly Batch[] => {
  const { messages, origin } = batch;
  if (messages.length === 1) return [{ messages, origin, refusedFor: reason, messageIds: [] }];
  const middle = messages.length >> 1;
  return [
    { messages: messages.slice(0, middle), origin, messageIds: [] },
    { messages: messages.slice(middle), origin, messageIds: [] },
  ];
};
