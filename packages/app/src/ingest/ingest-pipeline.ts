/**
 * receive → route → decide → append → acknowledge.
 *
 * Batches are decided in the order in which they arrive. One is acknowledged when its append has resolved, and not
 * before; or, while the log cannot be reached, when it is in the spool, from where it takes the same way later. Where
 * there is no spool, or it is full, nothing is acknowledged: the sources' windows fill, and the brokers hold the rest.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, MessageSource, ReceivedMessage } from "@sluice/domain";
import type { Logger } from "pino";
import { CommitQueue, type Failing } from "./commit-queue.ts";
import {
  type BatchOrigin,
  type BatchToDecide,
  type DecideDependencies,
  type DecidedBatch,
  decideBatch,
  recordKey,
} from "./decide-batch.ts";
import {
  decideReplay,
  type ReplayBatch,
  type ReplayItem,
  type ReplayMode,
  type ReplayOutcome,
} from "./decide-replay.ts";
import type { Spool, SpoolReport } from "./spool.ts";

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
  /** Null where there is none: the log is on this machine. */
  readonly spool: SpoolReport | null;
}

export interface IngestReceipt {
  /** In the order of the messages; null where no flow recorded it. */
  readonly messageIds: readonly (string | null)[];
}

export interface IngestDependencies extends Omit<DecideDependencies, "sharedLog"> {
  readonly store: EventStore;
  readonly log: Logger;
  /** Absent: nothing is acknowledged that the log does not have. */
  readonly spool?: Spool;
}

interface Batch extends BatchToDecide {
  messageIds: readonly (string | null)[];
  readonly recorded: Set<string>;
  /** Of its entries in the spool. */
  spoolIds?: readonly number[];
  /** An earlier run may have brought it to the log. */
  readonly mayBeRecorded?: boolean;
  /** In place of messages that have come in. */
  readonly replay?: ReplayBatch;
  /** It is in the log, or comes to nothing. */
  readonly settled?: () => void;
}

const batchOf = (messages: readonly ReceivedMessage[], origin: BatchOrigin, refusedFor?: string): Batch => ({
  messages,
  origin,
  ids: [],
  recorded: new Set(),
  messageIds: [],
  ...(refusedFor === undefined ? {} : { refusedFor }),
});

interface Submitted {
  readonly batch: Batch;
  /** Never rejects. */
  readonly durable: Promise<void>;
}

const never = new Promise<never>(() => {});

/** A snapshot is due after this many events, but saving may take no more than a twentieth of the time. */
const SNAPSHOT_EVENTS = 100_000;
const SNAPSHOT_SHARE = 20;
/** After a change of flows, in one go with those that follow it at once. */
const SNAPSHOT_SOON_MS = 250;
/** Between two looks at a spool that is about to get an entry. */
const KEEPING_MS = 5;
const SPOOL_RETRY_MS = 500;
/** That a replay waits at the most for ingest to have nothing to do, and how often it looks. */
const DEFERENCE_MS = { most: 250, look: 5 };
const NO_ORIGIN: BatchOrigin = { source: "mqtt", broker: "" };

export class IngestPipeline {
  readonly #deps: DecideDependencies & IngestDependencies;
  readonly #queue: CommitQueue<Batch, DecidedBatch>;
  /** Makes callers wait for each other, in order of arrival. */
  #turn: Promise<void> = Promise.resolve();
  readonly #totals = { messages: 0, events: 0, commits: 0, unrouted: 0 };
  #closing = false;
  #stopping: Promise<void> | null = null;
  #abandoned = false;
  #sinceSnapshot = 0;
  #nextSnapshotAt = 0;
  #soon: NodeJS.Timeout | undefined;
  #snapshotting: Promise<void> | null = null;
  /** Set while everything that comes in takes the way through the spool. */
  #spooling = false;
  /** Set before the log has been opened. */
  #held: Failing | null = null;
  /** Batches that are being put into the spool, or wait for room there. */
  #keeping = 0;
  #draining: Promise<void> | null = null;

  constructor(dependencies: IngestDependencies) {
    const { store, registry, spool } = dependencies;
    const { sharedLog, atomicMultiStream } = store.capabilities;
    // An earlier run is another writer where the log is a server: what it has sent may come late.
    this.#deps = { ...dependencies, sharedLog: sharedLog || !atomicMultiStream };
    registry.onChange(() => this.#snapshotSoon());
    this.#queue = new CommitQueue<Batch, DecidedBatch>({
      store,
      clock: dependencies.clock,
      log: dependencies.log,
      decide: (batch) => this.#decide(batch),
      resync: (decisions) => this.#resync(flowsOf(decisions)),
      reload: () => registry.reload(),
      isolate,
      ...(spool === undefined ? {} : { shelter: (batches) => this.#shelter(spool, batches) }),
      onPart: ({ recorded, ids }, { events }) => {
        for (const { type, data } of events) {
          if ("messageId" in data) recorded.add(recordKey(data.messageId, data.flow));
          // It comes after all else that the batch is to the flow.
          if (type === "MessagesSkipped") for (const id of ids) recorded.add(recordKey(id, data.flow));
        }
      },
      onCommit: ({ appends, after, retained }, position) => {
        registry.committed(position, after);
        for (const [flow, topic, digest] of retained) registry.retained.record(flow, topic, digest);
        const events = appends.reduce((sum, append) => sum + append.events.length, 0);
        this.#totals.commits += 1;
        this.#totals.events += events;
        this.#sinceSnapshot += events;
      },
      onSettled: ({ spoolIds, settled }) => {
        if (spoolIds !== undefined) spool?.settled(spoolIds);
        settled?.();
      },
    });
  }

  status(): IngestStatus {
    const uncommitted = this.#queue.uncommitted.reduce(
      (sum, { messages, replay }) => sum + (replay?.tasks.length ?? messages.length),
      0,
    );
    const failing = this.#queue.failing ?? this.#held;
    return { ...this.#totals, uncommitted, failing, spool: this.#deps.spool?.report(this.#spooling) ?? null };
  }

  /** While the log cannot be read, so that nothing can be decided: `openLog` must follow. */
  holdLog(reason: string): void {
    this.#held = { since: this.#deps.clock.now(), reason };
    if (this.#deps.spool !== undefined) this.#beginSpooling();
  }

  /** The flows are loaded: what an earlier run has left in the spool goes on its way, before anything newer. */
  openLog(): void {
    const { spool } = this.#deps;
    this.#held = null;
    this.#snapshotSoon();
    if (spool === undefined || (spool.isEmpty && !this.#spooling)) return;
    this.#beginSpooling();
    this.#draining ??= this.#drain(spool);
  }

  /** Takes everything in from one source, until the source ends. Rejects when a batch of it cannot be decided. */
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

  /**
   * Decides messages of the log again, when nothing that comes in is in the way. Resolves when what comes of it is in the
   * log; not at all when the gateway stops first. Rejects when they cannot be decided.
   * @returns the outcomes in the order of the items
   */
  async replay(replay: string, mode: ReplayMode, items: readonly ReplayItem[]): Promise<readonly ReplayOutcome[]> {
    const tasks = items.map((item) => ({ ...item, outcome: "gone" as ReplayOutcome }));
    const { promise, resolve } = Promise.withResolvers<void>();
    const batch: Batch = { ...batchOf([], NO_ORIGIN), replay: { replay, mode, tasks }, settled: resolve };
    for (let taken = false; !taken; ) {
      await this.#afterIngest();
      if (this.#closing) return never;
      taken = await this.#inTurn(
        async () => {
          while (!this.#spooling && !this.#queue.hasPlace) await this.#queue.changed();
          if (this.#spooling || this.#closing) return false;
          this.#snapshotIfDue();
          void this.#queue.push(batch);
          return true;
        },
        () => new Set(items.map(({ flow }) => flow)),
      );
    }
    await promise;
    return tasks.map(({ outcome }) => outcome);
  }

  /** Replays make way: while the log is away for as long as that takes, for what is being written a moment. */
  async #afterIngest(): Promise<void> {
    const end = performance.now() + DEFERENCE_MS.most;
    const mustWait = () => this.#spooling || this.#queue.failing !== null;
    const mayWait = () => this.#queue.uncommitted.length > 0 && performance.now() < end;
    while (!this.#closing && (mustWait() || mayWait())) await delay(DEFERENCE_MS.look);
  }

  /** Resolves when all that was submitted is durable; after `graceMs` the rest stays unacknowledged. May be repeated. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#soon);
    const timeout = new AbortController();
    await Promise.race([this.#queue.drained(), delay(graceMs, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
    const { failing } = this.#queue;
    this.#abandoned = true;
    this.#queue.abandon();
    this.#deps.spool?.giveUp();
    await this.#draining;
    await this.#snapshotting;
    if (failing === null) await this.#snapshot();
  }

  #submit(messages: readonly ReceivedMessage[], origin: BatchOrigin): Promise<Submitted> {
    const { registry } = this.#deps;
    return this.#inTurn(
      () => this.#take(batchOf(messages, origin)),
      () => new Set(messages.flatMap(({ topic }) => registry.match(topic).map(({ state }) => state.code))),
    );
  }

  /** @param flows that the work may have changed by half when it fails */
  #inTurn<T>(work: () => Promise<T>, flows: () => ReadonlySet<string>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => {},
      () => this.#startOver(flows()),
    );
    return done;
  }

  async #take(batch: Batch): Promise<Submitted> {
    this.#snapshotIfDue();
    while (!this.#spooling && !this.#queue.hasPlace) await this.#queue.changed();
    const durable = await this.#put(batch);
    this.#totals.messages += batch.messages.length;
    for (const id of batch.messageIds) if (id === null) this.#totals.unrouted += 1;
    return { batch, durable: durable.promise };
  }

  /** What an earlier run has sent may reach the log as late as this: whatever the state has by now is found then. */
  async #resync(flows: ReadonlySet<string>): Promise<boolean> {
    const news = await this.#deps.registry.resync(flows);
    for (const batch of this.#queue.uncommitted) {
      if (batch.mayBeRecorded) await this.#deps.spool?.findRecorded(batch);
    }
    return news;
  }

  /** After a batch that could not be decided: the flows that it has half changed are as the log has them again. */
  async #startOver(flows: ReadonlySet<string>): Promise<void> {
    const { registry, log } = this.#deps;
    await this.#queue.drained();
    await registry
      .resync(flows)
      .catch((error: unknown) =>
        log.error({ err: error }, "flows cannot be read again; they will be with the next conflict"),
      );
  }

  /** In an object, since a promise that a promise gives is waited for. */
  async #put(batch: Batch): Promise<{ readonly promise: Promise<void> }> {
    const { spool } = this.#deps;
    if (this.#abandoned) return { promise: never };
    if (!this.#spooling || spool === undefined) return { promise: this.#queue.push(batch) };
    return { promise: (await this.#keep(spool, batch)) ? Promise.resolve() : never };
  }

  #decide(batch: Batch): DecidedBatch {
    const { replay, recorded, refusedFor } = batch;
    if (replay !== undefined) return decideReplay(this.#deps, replay, { refused: refusedFor !== undefined, recorded });
    const decided = decideBatch(this.#deps, batch);
    batch.messageIds = decided.messageIds;
    return decided;
  }

  #beginSpooling(): void {
    this.#spooling = true;
    this.#queue.wake();
  }

  /** Puts what some flow wants into the spool. @returns whether it is durable there; else the gateway stops */
  async #keep(spool: Spool, batch: Batch): Promise<boolean> {
    const { registry, ids } = this.#deps;
    batch.messageIds = batch.messages.map(({ topic }) =>
      registry.isWanted(topic, batch.origin.broker) ? ids.next() : null,
    );
    const wanted = (index: number): boolean => batch.messageIds[index] !== null;
    const messages = batch.messages.filter((_, index) => wanted(index));
    if (messages.length === 0) return true;
    const kept = batch.messageIds.filter((id) => id !== null);
    this.#keeping += 1;
    const taken = await spool.keep({ messages, origin: batch.origin, ids: kept }, () => this.#closing);
    this.#keeping -= 1;
    // A smaller one that comes after it may fit, and must not overtake it.
    if (!taken) this.#abandoned = true;
    return taken;
  }

  /** What has been decided and cannot be appended begins the spool, so that its order is the order of arrival. */
  async #shelter(spool: Spool, batches: readonly Batch[]): Promise<boolean> {
    const open = batches.filter((batch) => batch.spoolIds === undefined && batch.replay === undefined);
    const entries = open.map(({ messages, origin, ids }) => ({
      messages,
      origin,
      // One a message, also where no flow wanted it so far.
      ids: messages.map((_, index) => ids[index] ?? this.#deps.ids.next()),
    }));
    const spoolIds = await spool.tryKeep(entries);
    if (spoolIds === null) return false;
    for (const [index, batch] of open.entries()) batch.spoolIds = [spoolIds[index] as number];
    if (!this.#spooling) {
      this.#beginSpooling();
      this.#draining ??= this.#drain(spool);
    }
    return true;
  }

  /** Feeds the queue from the spool until that is empty, and ends the spooling. */
  async #drain(spool: Spool): Promise<void> {
    while (!this.#closing) {
      const next = await this.#persistently(() => spool.next());
      if (next === undefined) return;
      if (next === null) {
        // A replay that waits for the log is not in the spool.
        if (this.#keeping === 0 && spool.isDrained && this.#queue.failing === null) break;
        await delay(this.#queue.failing === null ? KEEPING_MS : SPOOL_RETRY_MS);
        continue;
      }
      const { messages, origin, ids } = next.content;
      const { mayBeRecorded } = next;
      const batch: Batch = { ...batchOf(messages, origin), ids: [...ids], spoolIds: next.ids, mayBeRecorded };
      if (mayBeRecorded) await this.#persistently(() => spool.findRecorded(batch));
      await this.#persistently(async () => {
        while (!this.#queue.hasPlace) await this.#queue.changed();
        if (!this.#closing) void this.#queue.push(batch, true);
      });
    }
    // What comes in meanwhile must not overtake what stays in the spool.
    if (this.#closing) return;
    this.#spooling = false;
    this.#draining = null;
  }

  /** Tries again while the log or the spool cannot be read; undefined when the gateway closes first. */
  async #persistently<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 0; !this.#closing; failures++) {
      try {
        return await work();
      } catch (error) {
        this.#deps.log[failures === 0 ? "warn" : "debug"]({ err: error }, "the spool cannot be emptied; trying again");
        await delay(SPOOL_RETRY_MS);
      }
    }
    return undefined;
  }

  /** Without a snapshot a gateway that starts while the log is away does not know what to take in. */
  #snapshotSoon(): void {
    if (this.#deps.spool === undefined || this.#closing) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      if (!this.#closing && this.#queue.failing === null) this.#snapshotNow();
    }, SNAPSHOT_SOON_MS);
  }

  #snapshotIfDue(): void {
    if (this.#sinceSnapshot < SNAPSHOT_EVENTS || this.#deps.clock.now() < this.#nextSnapshotAt) return;
    this.#snapshotNow();
  }

  #snapshotNow(): void {
    this.#snapshotting ??= this.#snapshot().finally(() => {
      this.#snapshotting = null;
    });
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

const flowsOf = (decisions: readonly DecidedBatch[]): Set<string> =>
  new Set(decisions.flatMap(({ after }) => [...after.keys()].map((entry) => entry.state.code)));

/** Halves a batch; what cannot be halved is recorded without its payload. */
const isolate = (batch: Batch, reason: string): readonly Batch[] => {
  const { messages, origin, ids, recorded, replay, mayBeRecorded = false } = batch;
  if (replay !== undefined) return isolateReplay(replay, recorded, reason);
  const same = { recorded, mayBeRecorded };
  if (messages.length === 1) return [{ ...batchOf(messages, origin, reason), ids, ...same }];
  const middle = messages.length >> 1;
  return [
    { ...batchOf(messages.slice(0, middle), origin), ids: ids.slice(0, middle), ...same },
    { ...batchOf(messages.slice(middle), origin), ids: ids.slice(middle), ...same },
  ];
};

/** What cannot be halved stays as it is. */
const isolateReplay = (replay: ReplayBatch, recorded: Set<string>, reason: string): readonly Batch[] => {
  const { tasks } = replay;
  const one = tasks.length === 1;
  const middle = tasks.length >> 1;
  return (one ? [tasks] : [tasks.slice(0, middle), tasks.slice(middle)]).map((part) => ({
    ...batchOf([], NO_ORIGIN, one ? reason : undefined),
    recorded,
    replay: { ...replay, tasks: part },
  }));
};
