/**
 * All flows in memory: the fold of the log, kept current, with what is needed to route and validate.
 *
 * `load()` rebuilds it from a snapshot and the events after it. Commands go through `execute()`, which appends to the
 * flow's stream with the version it decided on, so that two editors never overwrite each other. The ingest pipeline
 * applies its own traffic facts through `applyTraffic`, before they are committed: message numbers of the next batch
 * depend on them. `resync()` folds again what is in the log when someone else wrote there.
 */
import type { FlowDefinition, NewEvent, RecordedEvent } from "@sluice/contracts";
import {
  decideFlow,
  type EventStore,
  type ExpectedVersion,
  evolveFlow,
  type FlowCommand,
  FlowNotFound,
  type FlowState,
  flowStream,
  type IdSource,
  initialFlow,
  isOfBroker,
  normalisePayloadSchema,
  type PayloadValidator,
  parseStream,
  parseTopicFilter,
  RetainedTopics,
  RoutingTrie,
  type SnapshotStore,
  type Subscription,
  type TopicFilter,
  type Validate,
  WrongExpectedVersion,
} from "@sluice/domain";
import type { Logger } from "pino";

/** A living, enabled flow as the pipeline uses it. */
export interface Route {
  readonly definition: FlowDefinition;
  readonly filter: TopicFilter;
  readonly validate: Validate;
}

export interface FlowEntry {
  state: FlowState;
  /** Null while the flow is disabled or retired. */
  route: Route | null;
}

/** The flow was changed since the caller last saw it. */
export class FlowConflict extends Error {
  override readonly name = "FlowConflict";
}

export interface FlowRegistryDependencies {
  readonly store: EventStore;
  readonly snapshots: SnapshotStore;
  readonly validator: PayloadValidator;
  readonly ids: IdSource;
  readonly log: Logger;
}

export interface FlowChange {
  readonly state: FlowState;
  readonly events: readonly RecordedEvent[];
}

const SNAPSHOT = "flows";
/** Raise it when FlowState changes shape: older snapshots are then ignored. */
const SNAPSHOT_SCHEMA = 1;
const PAGE = 5_000;

interface SnapshotState {
  readonly flows: readonly FlowState[];
  readonly retained: readonly (readonly [string, string])[];
}

export interface LoadResult {
  readonly replayed: number;
  readonly fromSnapshot: boolean;
  readonly flows: number;
}

interface Fold {
  readonly entries: Map<string, FlowEntry>;
  retained: RetainedTopics;
  /** Everything up to here is folded in. */
  position: string | null;
}

const entryOf = (fold: Fold, code: string): FlowEntry => {
  let entry = fold.entries.get(code);
  if (entry === undefined) {
    entry = { state: initialFlow(code), route: null };
    fold.entries.set(code, entry);
  }
  return entry;
};

const foldEvent = (fold: Fold, event: RecordedEvent): void => {
  const stream = parseStream(event.stream);
  if (stream === null) return;
  const entry = entryOf(fold, stream.flow);
  entry.state = evolveFlow(entry.state, event);
  if (event.type === "MessageReceived" && event.data.payloadDigest !== undefined) {
    fold.retained.record(stream.flow, event.data.topic, event.data.payloadDigest);
  }
};

const acceptAnything: Validate = () => [];

export class FlowRegistry {
  readonly #deps: FlowRegistryDependencies;
  #fold: Fold = { entries: new Map(), retained: new RetainedTopics(), position: null };
  #trie = new RoutingTrie<FlowEntry>();
  readonly #executing = new Set<Promise<FlowChange>>();
  readonly #turns = new Map<string, Promise<void>>();
  #loading: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(codes: readonly string[]) => void>();

  constructor(dependencies: FlowRegistryDependencies) {
    this.#deps = dependencies;
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
    const snapshot = thorough ? null : await this.#deps.snapshots.load(SNAPSHOT);
    const usable =
      snapshot !== null && snapshot.schemaVersion === SNAPSHOT_SCHEMA && (await this.#isKnown(snapshot.position));
    const fold: Fold = { entries: new Map(), retained: new RetainedTopics(), position: null };
    if (usable) {
      const state = snapshot.state as SnapshotState;
      for (const flow of state.flows) fold.entries.set(flow.code, { state: flow, route: null });
      fold.retained = new RetainedTopics(undefined, state.retained);
      fold.position = snapshot.position;
    }
    const replayed = await this.#replay(fold);
    this.#fold = fold;
    this.#rebuildRoutes();
    return { replayed, fromSnapshot: usable, flows: fold.entries.size };
  }

  /** Starts over from the log, as after `WrongExpectedVersion` on a traffic stream. */
  async resync(thorough: boolean): Promise<void> {
    await this.load({ thorough });
    this.#changed([...this.#fold.entries.keys()]);
  }

  /** A snapshot is of no use when the log was replaced by a shorter one. */
  async #isKnown(position: string): Promise<boolean> {
    const head = await this.#deps.store.head();
    return head !== null && this.#deps.store.compare(position, head) <= 0;
  }

  async #replay(fold: Fold): Promise<number> {
    let replayed = 0;
    for (;;) {
      const page = await this.#deps.store.readAll({
        limit: PAGE,
        ...(fold.position === null ? {} : { after: fold.position }),
      });
      for (const event of page.events) foldEvent(fold, event);
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
    return this.#trie.match(topic);
  }

  /** What must be subscribed at one broker. */
  subscriptions(broker: string): readonly Subscription[] {
    const subscriptions: Subscription[] = [];
    for (const { route } of this.#fold.entries.values()) {
      if (route !== null && isOfBroker(route.definition, broker)) {
        subscriptions.push({ filter: route.filter.subscription, qos: route.definition.qos });
      }
    }
    return subscriptions;
  }

  /**
   * @param expectedVersion of the flow's stream, as the caller saw it; absent: whatever it is now
   * @throws FlowConflict when it is at another version; FlowExists, FlowNotFound from the decider; EventStoreUnavailable
   */
  async execute(code: string, command: FlowCommand, actor: string, expectedVersion?: number): Promise<FlowChange> {
    const executing = this.#inTurn(code, async () => {
      await this.#loading;
      return this.#execute(code, command, actor, expectedVersion);
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

  async #execute(code: string, command: FlowCommand, actor: string, expectedVersion?: number): Promise<FlowChange> {
    const before = this.#fold.entries.get(code)?.state ?? initialFlow(code);
    if (expectedVersion !== undefined && before.version !== expectedVersion && this.get(code) !== undefined) {
      throw new FlowConflict(`flow ${code} is at version ${before.version}, not ${expectedVersion}`);
    }
    const facts = decideFlow(before, command);
    if (facts.length === 0) return { state: before, events: [] };
    const events = facts.map(
      (fact) => ({ id: this.#deps.ids.next(), schemaVersion: 1, metadata: { actor }, ...fact }) as NewEvent,
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
    const entry = entryOf(this.#fold, code);
    for (const event of recorded) entry.state = evolveFlow(entry.state, event);
    this.#setRoute(entry);
    this.#changed([code]);
    this.#deps.log.info({ flow: code, command: command.kind, actor, version: entry.state.version }, "flow changed");
    return { state: entry.state, events: recorded };
  }

  /**
   * Someone else changed the flow: its life is read on from where we know it. The traffic's part of the state stays: it
   * may be ahead of the log, by what the pipeline has decided and not yet committed.
   */
  async #conflict(code: string, error: unknown): Promise<never> {
    if (!(error instanceof WrongExpectedVersion)) throw error;
    const entry = entryOf(this.#fold, code);
    for (;;) {
      const events = await this.#deps.store.readStream(flowStream(code), {
        from: entry.state.version + 1,
        limit: PAGE,
      });
      for (const event of events) entry.state = evolveFlow(entry.state, event);
      if (events.length < PAGE) break;
    }
    this.#setRoute(entry);
    this.#changed([code]);
    throw new FlowConflict(`flow ${code} was changed meanwhile`, { cause: error });
  }

  /** @throws FlowNotFound */
  require(code: string): FlowState {
    const state = this.get(code);
    if (state === undefined) throw new FlowNotFound(`flow ${code} does not exist`);
    return state;
  }

  /** Called by the pipeline: the log is folded up to this position, all of its own appends included. */
  moveTo(position: string): void {
    if (this.#fold.position === null || this.#deps.store.compare(position, this.#fold.position) > 0)
      this.#fold.position = position;
  }

  /** Only at a moment when nothing that is folded in is uncommitted. */
  async saveSnapshot(): Promise<void> {
    if (this.#fold.position === null) return;
    const state: SnapshotState = {
      flows: [...this.#fold.entries.values()].map((entry) => entry.state),
      retained: this.#fold.retained.entries(),
    };
    await this.#deps.snapshots.save(SNAPSHOT, { position: this.#fold.position, schemaVersion: SNAPSHOT_SCHEMA, state });
  }

  #rebuildRoutes(): void {
    this.#trie = new RoutingTrie();
    for (const entry of this.#fold.entries.values()) {
      entry.route = null;
      this.#setRoute(entry);
    }
  }

  #setRoute(entry: FlowEntry): void {
    if (entry.route !== null) this.#trie.delete(entry.route.filter, entry);
    entry.route = null;
    const { definition, status } = entry.state;
    if (definition === null || status !== "enabled") return;
    try {
      entry.route = {
        definition,
        filter: parseTopicFilter(definition.topic),
        validate: compileSchema(definition, this.#deps.validator),
      };
      this.#trie.insert(entry.route.filter, entry);
    } catch (error) {
      // Definitions are checked before they are recorded: this is a log written by a gateway with other rules.
      this.#deps.log.error({ flow: definition.code, err: error }, "flow cannot be activated");
    }
  }

  #changed(codes: readonly string[]): void {
    for (const listener of this.#listeners) listener(codes);
  }
}

/** @throws BadSchema */
export const compileSchema = (definition: FlowDefinition, validator: PayloadValidator): Validate => {
  if (definition.payloadSchema === null) return acceptAnything;
  const normalised = normalisePayloadSchema(definition.payloadSchema);
  if (!normalised.ok) throw new Error(normalised.errors.map((error) => error.message).join("; "));
  return validator.compile(normalised.schema);
};
