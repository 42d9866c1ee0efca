/**
 * All flows in memory: the fold of the log, kept current, with what is needed to route and validate.
 *
 * `load()` rebuilds it from a snapshot and the events after it. Commands go through `execute()`, which appends to the
 * flow's stream with the version it decided on, so that two editors never overwrite each other. The ingest pipeline
 * evolves the states by what it decides before that is committed, and says what was through `committed()`; `resync()`
 * goes back to what the log has when someone else wrote there. `observe()` takes in what others did to flows.
 */
import type { EventMetadata, FlowDefinition, NewEvent, RecordedEvent } from "@sluice/contracts";
import {
  decideFlow,
  type EventStore,
  EventStoreUnavailable,
  type ExpectedVersion,
  type FlowCommand,
  FlowNotFound,
  type FlowState,
  type FlowTraffic,
  flowStream,
  type IdSource,
  initialFlow,
  type PayloadValidator,
  parseStream,
  type ReadPage,
  type RetainedTopics,
  type Snapshot,
  type SnapshotStore,
  type Subscription,
  WrongExpectedVersion,
} from "@sluice/domain";
import type { Logger } from "pino";
import { committedState, type FlowEntry, FlowFold, isAhead } from "./flow-fold.ts";
import { FlowRoutes } from "./flow-routes.ts";

/** The flow was changed since the caller last saw it. */
export class FlowConflict extends Error {
  override readonly name = "FlowConflict";
}

export interface FlowRegistryDependencies {
  readonly store: EventStore;
  readonly snapshots: SnapshotStore;
  /** Tells this log's snapshot from that of another; `flows` when absent. */
  readonly snapshotName?: string;
  readonly validator: PayloadValidator;
  readonly ids: IdSource;
  readonly log: Logger;
}

export interface FlowChange {
  readonly state: FlowState;
  readonly events: readonly RecordedEvent[];
}

/** Raise it when FlowState changes shape: older snapshots are then ignored. */
const SNAPSHOT_SCHEMA = 2;
/** No version has this schema. */
const NO_SNAPSHOT: Snapshot = { position: "", schemaVersion: 0, state: null };
const PAGE = 5_000;
const CHECKS_AT_ONCE = 4;
/** Flows that are looked at whenever someone asks for figures; of more, each costs so many milliseconds of pause. */
const REFRESHED_AT_ONCE = 200;
const REFRESH_MS = 10;

interface SnapshotState {
  readonly flows: readonly FlowState[];
  readonly retained: readonly (readonly [string, string])[];
}

export interface LoadResult {
  readonly replayed: number;
  readonly fromSnapshot: boolean;
  readonly flows: number;
}

const restored = ({ position, state }: Snapshot): FlowFold => {
  const { flows, retained } = state as SnapshotState;
  return new FlowFold(position, flows, retained);
};

export class FlowRegistry {
  readonly #deps: FlowRegistryDependencies;
  #fold = new FlowFold();
  /** The lives of all flows are folded up to here. */
  #livesPosition: string | null = null;
  /** Milliseconds since the epoch. */
  #refreshedAt = 0;
  readonly #routes: FlowRoutes;
  readonly #executing = new Set<Promise<FlowChange>>();
  readonly #turns = new Map<string, Promise<void>>();
  #loading: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(codes: readonly string[]) => void>();

  constructor(dependencies: FlowRegistryDependencies) {
    this.#deps = dependencies;
    this.#routes = new FlowRoutes(dependencies);
  }

  get #snapshotName(): string {
    return this.#deps.snapshotName ?? "flows";
  }

  get retained(): RetainedTopics {
    return this.#fold.retained;
  }

  /** Called after every change of definitions or of flows being enabled, with the codes of those flows. */
  onChange(listener: (codes: readonly string[]) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Waits for commands that are under way, and holds new ones back: what one appends while the log is read would be
   * missing from the fold that takes over. Only while nothing that was decided is uncommitted.
   * @param thorough reads the whole log, past a snapshot that may be wrong
   * @returns how many events were replayed, and from where
   */
  load({ thorough = false } = {}): Promise<LoadResult> {
    const running = [...this.#executing];
    const before = this.#loading;
    const { promise: loaded, resolve } = Promise.withResolvers<void>();
    this.#loading = loaded;
    const loading = Promise.allSettled([...running, before])
      .then(() => this.#load(thorough))
      .finally(resolve);
    return loading;
  }

  async #load(thorough: boolean): Promise<LoadResult> {
    const snapshot = thorough ? null : await this.#deps.snapshots.load(this.#snapshotName);
    const usable =
      snapshot !== null && snapshot.schemaVersion === SNAPSHOT_SCHEMA && (await this.#isKnown(snapshot.position));
    const fold = usable ? restored(snapshot) : new FlowFold();
    const replayed = await this.#replay(fold);
    this.#take(fold);
    // It would be taken for one of this log once that has grown past its position.
    if (snapshot !== null && !usable) await this.#deps.snapshots.save(this.#snapshotName, NO_SNAPSHOT);
    return { replayed, fromSnapshot: usable, flows: fold.entries.size };
  }

  /**
   * The flows as the last snapshot has them, to know what to subscribe to while the log cannot be read. `load` must
   * follow before anything is decided.
   * @returns how many there are
   */
  async loadSnapshot(): Promise<number> {
    const snapshot = await this.#deps.snapshots.load(this.#snapshotName);
    if (snapshot?.schemaVersion === SNAPSHOT_SCHEMA) this.#take(restored(snapshot));
    return this.#fold.entries.size;
  }

  #take(fold: FlowFold): void {
    fold.finish();
    this.#fold = fold;
    this.#livesPosition = fold.position;
    this.#routes.reset(this.#fold.entries.values());
  }

  /**
   * Goes back to what the log has, after `WrongExpectedVersion` on traffic streams of these flows. Everything that is
   * decided and not committed, of whatever flow, must be decided again.
   * @returns whether the log had something new, so that deciding again may help
   */
  async resync(codes: Iterable<string>): Promise<boolean> {
    let news = false;
    for (const code of codes) {
      const entry = this.#fold.entry(code);
      news = (await this.#catchUp(entry)) || news;
      entry.state = committedState(entry);
    }
    this.#fold.retained.rollBack();
    return news;
  }

  /** Starts over from the beginning of the log: what is known cannot be right. */
  async reload(): Promise<void> {
    await this.load({ thorough: true });
    this.announceAll();
  }

  /** All flows may have changed. */
  announceAll(): void {
    this.#changed([...this.#fold.entries.keys()]);
  }

  /** Folds what others may have written to the flow's traffic. @returns whether they had */
  async #catchUp(entry: FlowEntry): Promise<boolean> {
    let news = false;
    for (;;) {
      const { traffic } = entry.committed;
      if (traffic === null) return news;
      const events = await this.#deps.store.readStream(traffic.stream, { from: traffic.version + 1, limit: PAGE });
      news = this.#fold.commit(entry, events) || news;
      if (events.length < PAGE && entry.committed.traffic?.stream === traffic.stream) return news;
    }
  }

  /** A snapshot is of no use when the log was replaced by a shorter one. */
  async #isKnown(position: string): Promise<boolean> {
    const head = await this.#deps.store.head();
    return head !== null && this.#deps.store.compare(position, head) <= 0;
  }

  async #replay(fold: FlowFold): Promise<number> {
    let replayed = 0;
    for (;;) {
      const page = await this.#deps.store.readAll({
        limit: PAGE,
        ...(fold.position === null ? {} : { after: fold.position }),
      });
      for (const event of page.events) fold.replay(event);
      replayed += page.events.length;
      if (page.position !== null) fold.position = page.position;
      if (page.atEnd) return replayed;
    }
  }

  get(code: string): FlowState | undefined {
    const state = this.#fold.entries.get(code)?.state;
    return state === undefined || state.definition === null || state.status === "retired" ? undefined : state;
  }

  /** Living flows, by code. */
  list(): readonly FlowState[] {
    return [...this.#fold.entries.values()]
      .map((entry) => entry.state)
      .filter((state) => state.definition !== null && state.status !== "retired")
      .sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  /** For whoever decides on its messages. */
  entry(code: string): FlowEntry | undefined {
    return this.#fold.entries.get(code);
  }

  /** Also of a retired one, whose deliveries may still be owed; null when there never was one. */
  definition(code: string): FlowDefinition | null {
    return this.#fold.entries.get(code)?.state.definition ?? null;
  }

  /** Of all flows, retired ones too. */
  codes(): readonly string[] {
    return [...this.#fold.entries.keys()];
  }

  /** Enabled flows whose filter matches the topic; the broker is the caller's to compare. */
  match(topic: string): readonly FlowEntry[] {
    return this.#routes.match(topic);
  }

  /** Whether some enabled flow takes messages of this topic from this broker. */
  isWanted(topic: string, broker: string): boolean {
    return this.#routes.isWanted(topic, broker);
  }

  /** What must be subscribed at one broker. */
  subscriptions(broker: string): readonly Subscription[] {
    return this.#routes.subscriptions(this.#fold.entries.values(), broker);
  }

  /**
   * @param metadata of the events: who wants it, and by which request
   * @param expectedVersion of the flow's stream, as the caller saw it; absent: whatever it is now
   * @throws FlowConflict when it is at another version; FlowExists, FlowNotFound from the decider; EventStoreUnavailable
   */
  async execute(
    code: string,
    command: FlowCommand,
    metadata: EventMetadata,
    expectedVersion?: number,
  ): Promise<FlowChange> {
    // That of now, and not one that begins while it waits for its turn: that one waits for this command.
    const loading = this.#loading;
    const executing = this.#inTurn(code, async () => {
      await loading;
      return this.#execute(code, command, metadata, expectedVersion);
    });
    this.#executing.add(executing);
    try {
      return await executing;
    } finally {
      this.#executing.delete(executing);
    }
  }

  /** Commands of one flow follow each other, so that editors in this process meet only where If-Match says so. */
  #inTurn<T>(code: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(code) ?? Promise.resolve()).then(task);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#turns.set(code, settled);
    void settled.then(() => {
      if (this.#turns.get(code) === settled) this.#turns.delete(code);
    });
    return turn;
  }

  async #execute(
    code: string,
    command: FlowCommand,
    metadata: EventMetadata,
    expectedVersion?: number,
  ): Promise<FlowChange> {
    const before = this.#fold.entries.get(code)?.state ?? initialFlow(code);
    if (expectedVersion !== undefined && before.version !== expectedVersion && this.get(code) !== undefined) {
      throw new FlowConflict(`flow ${code} is at version ${before.version}, not ${expectedVersion}`);
    }
    const facts = decideFlow(before, command);
    if (facts.length === 0) return { state: before, events: [] };
    const events = facts.map(
      (fact) => ({ id: this.#deps.ids.next(), schemaVersion: 1, metadata, ...fact }) as NewEvent,
    );
    const expected: ExpectedVersion = before.version === 0 ? "none" : before.version;
    const result = await this.#deps.store
      .append([{ stream: flowStream(code), expected, events }])
      .catch((error: unknown) => this.#conflict(code, error));
    const recorded = events.map(
      (event, index) =>
        ({
          ...event,
          stream: flowStream(code),
          version: before.version + index + 1,
          position: result.position,
          recordedAt: result.recordedAt,
        }) as RecordedEvent,
    );
    const entry = this.#fold.entry(code);
    for (const event of recorded) this.#fold.live(entry, event);
    this.#routes.set(entry);
    this.#changed([code]);
    const { version } = entry.state;
    this.#deps.log.info({ flow: code, command: command.kind, ...metadata, version }, "flow changed");
    return { state: entry.state, events: recorded };
  }

  /**
   * Someone else changed the flow: its life is read on from where we know it. The traffic's part of the state stays: it
   * may be ahead of the log, by what the pipeline has decided and not yet committed.
   */
  async #conflict(code: string, error: unknown): Promise<never> {
    if (!(error instanceof WrongExpectedVersion)) throw error;
    const entry = this.#fold.entry(code);
    for (;;) {
      const events = await this.#deps.store.readStream(flowStream(code), {
        from: entry.state.version + 1,
        limit: PAGE,
      });
      for (const event of events) this.#fold.live(entry, event);
      if (events.length < PAGE) break;
    }
    this.#routes.set(entry);
    this.#changed([code]);
    throw new FlowConflict(`flow ${code} was changed meanwhile`, { cause: error });
  }

  /** @throws FlowNotFound */
  require(code: string): FlowState {
    const state = this.get(code);
    if (state === undefined) throw new FlowNotFound(`flow ${code} does not exist`);
    return state;
  }

  /** What others did to flows: a page of the log, all events of flows' lives after the page before. */
  observe(page: ReadPage): void {
    const changed = new Set<string>();
    for (const event of page.events) {
      const stream = parseStream(event.stream);
      if (stream?.category !== "flow") continue;
      const entry = this.#fold.entry(stream.flow);
      if (!this.#fold.live(entry, event)) continue;
      this.#routes.set(entry);
      changed.add(stream.flow);
    }
    if (page.position !== null) this.#livesPosition = page.position;
    if (changed.size > 0) this.#changed([...changed]);
  }

  /** From where on `observe` wants the log. */
  get observed(): string | null {
    return this.#livesPosition;
  }

  /**
   * Called by the pipeline when what it decided is in the log.
   * @param after each flow's traffic then
   */
  committed(position: string, after: ReadonlyMap<FlowEntry, FlowTraffic>): void {
    for (const [entry, traffic] of after) if (isAhead(traffic, entry.committed)) entry.committed = traffic;
    if (!this.#deps.store.capabilities.sharedLog) this.#moveTo(position);
  }

  #moveTo(position: string): void {
    const { position: before } = this.#fold;
    if (before === null || this.#deps.store.compare(position, before) > 0) this.#fold.position = position;
  }

  async saveSnapshot(): Promise<void> {
    if (this.#deps.store.capabilities.sharedLog) await this.#settle();
    const { position, entries, retained } = this.#fold;
    if (position === null) return;
    const state: SnapshotState = { flows: [...entries.values()].map(committedState), retained: retained.entries() };
    await this.#deps.snapshots.save(this.#snapshotName, { position, schemaVersion: SNAPSHOT_SCHEMA, state });
  }

  /**
   * Finds out how far the fold is complete where others write too. Each flow's traffic is one chain of streams, so that
   * it is enough to look behind the end of each: nothing there before the head means nothing missed up to the head.
   */
  async #settle(): Promise<void> {
    const head = await this.#deps.store.head();
    const fold = this.#fold;
    await this.#catchUpAll();
    const lives = this.#livesPosition;
    if (head === null || lives === null || fold !== this.#fold) return;
    this.#moveTo(this.#deps.store.compare(lives, head) < 0 ? lives : head);
  }

  async #catchUpAll(): Promise<void> {
    const entries = this.#fold.entries.values();
    const check = async (): Promise<void> => {
      for (const entry of entries) await this.#catchUp(entry);
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, check));
  }

  /**
   * Takes in what other gateways wrote, so that the figures are those of the log; not too often where flows are many.
   * @returns whether the figures are now
   */
  async refresh(now: number): Promise<boolean> {
    if (!this.#deps.store.capabilities.sharedLog) return true;
    const { size } = this.#fold.entries;
    const pause = size <= REFRESHED_AT_ONCE ? 0 : size * REFRESH_MS;
    if (Math.abs(now - this.#refreshedAt) < pause) return false;
    this.#refreshedAt = now;
    try {
      await this.#catchUpAll();
      return true;
    } catch (error) {
      if (!(error instanceof EventStoreUnavailable)) throw error;
      return false;
    }
  }

  #changed(codes: readonly string[]): void {
    for (const listener of this.#listeners) listener(codes);
  }
}
