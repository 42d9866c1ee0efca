/**
 * Appends decided batches in order, at most two at once so that one is decided while another is written, and tries again
 * until each is in the log. The second is sent only when the first is in where it would not fail with it: where others
 * write to the log too, it may fit by its version behind a stranger's events; and the first events of a stream fit anyhow.
 *
 * After any failure nothing new is sent: the failed batches are appended one by one, from memory, in their order, those
 * first of which nobody knows whether they are in the log.
 * - `EventStoreUnavailable`: nobody knows whether the append took effect, so the very same is tried again. When that
 *   has gone on for a while the batches are given to `shelter`, and what they hold is durable from then on.
 * - `WrongExpectedVersion`: someone else wrote to a stream. Everything of which that is certain not to be in the log is
 *   decided again, on the state that the log has now.
 * - `EventRejected`: the store refuses a batch for its content. It is decided again message by message, with what the
 *   store refuses recorded as rejected, so that one message never blocks the rest.
 *
 * A store that is not atomic over several streams gets them one by one, those of one flow in their order; what it has
 * taken is not decided again.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  type Clock,
  EventRejected,
  type EventStore,
  EventStoreUnavailable,
  parseStream,
  type StreamAppend,
  WrongExpectedVersion,
} from "@sluice/domain";
import type { Logger } from "pino";

export interface Decision {
  readonly appends: readonly StreamAppend[];
}

export interface CommitQueueDependencies<T, D extends Decision> {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The facts of an item, on the state as it is; called again for what is uncommitted after `resync`. */
  readonly decide: (item: T) => D;
  /**
   * Brings the state back to what the log says, as far as these decisions touched it; whatever is to be decided again
   * is decided after that.
   * @returns whether the log had something new
   */
  readonly resync: (decisions: readonly D[]) => Promise<boolean>;
  /** The state is wrong although the log has nothing new: reads all of it again. */
  readonly reload: () => Promise<void>;
  /** Replaces an item that the store refuses by smaller ones, at last by one that it is bound to take. */
  readonly isolate: (item: T, reason: string) => readonly T[];
  /** Makes items durable elsewhere, in this order; false when that cannot be done now. */
  readonly shelter?: (items: readonly T[]) => Promise<boolean>;
  /** Some of the item's appends are in the log, the rest is not. */
  readonly onPart: (item: T, append: StreamAppend) => void;
  /** All that was decided is in the log. */
  readonly onCommit: (decision: D, position: string) => void;
  /** The item as it was pushed is done with. */
  readonly onSettled: (item: T) => void;
}

interface Entry<T, D> {
  readonly item: T;
  decision: D;
  /** Of the decision, what the log does not have yet. */
  appends: readonly StreamAppend[];
  /** The last attempt may have taken effect. */
  inDoubt: boolean;
  sheltered: boolean;
  /** It cannot be made smaller. */
  readonly smallest: boolean;
  /** The item is durable; may be called twice. */
  readonly release: () => void;
  /** The item is in the log. */
  readonly settle: () => void;
}

export interface Failing {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly reason: string;
}

const RETRY_MS = { first: 50, most: 2_000 };
/** Conflicts in a row after which it waits for its turn: others have smaller batches, or are quicker. */
const OVERTAKEN = 2;
/** Times in a row that it was decided again although the log had nothing new. */
const IN_VAIN = 2;
const CONTRADICTION =
  "the log refuses appends as if someone else wrote, and shows nothing new: it contradicts itself, see `sluice verify`";
/** Of failing, until what is uncommitted is sheltered. */
const SHELTER_AFTER_MS = 1_000;

const flowOf = ({ stream }: StreamAppend): string => parseStream(stream)?.flow ?? stream;

const beginsStream = ({ expected }: StreamAppend): boolean => expected === "none" || expected === 0;

export class CommitQueue<T, D extends Decision> {
  readonly #deps: CommitQueueDependencies<T, D>;
  readonly #atomic: boolean;
  readonly #shared: boolean;
  #entries: Entry<T, D>[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #recovery: Promise<void> | null = null;
  #failing: Failing | null = null;
  readonly #stopping = new AbortController();
  /** Replaced at every change: a promise that lives on keeps whatever has ever waited for it. */
  #change = Promise.withResolvers<void>();

  constructor(dependencies: CommitQueueDependencies<T, D>) {
    this.#deps = dependencies;
    const { atomicMultiStream, sharedLog } = dependencies.store.capabilities;
    this.#atomic = atomicMultiStream;
    this.#shared = sharedLog;
  }

  get failing(): Failing | null {
    return this.#failing;
  }

  get uncommitted(): readonly T[] {
    return this.#entries.map((entry) => entry.item);
  }

  /** Whether another batch may be decided now. */
  get hasPlace(): boolean {
    if (this.#stopping.signal.aborted) return true;
    // One at a time where an append may be in the log by half: the next would build on the other half.
    return this.#recovery === null && this.#entries.length < (this.#atomic ? 2 : 1);
  }

  /** Resolves when that may have changed; who waited looks again. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  /** Makes who waits for a change look again. */
  wake(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }

  /** Resolves when nothing is uncommitted. */
  async drained(): Promise<void> {
    while (this.#entries.length > 0 && !this.#stopping.signal.aborted) await this.changed();
  }

  /** Gives up on what is uncommitted: it stays unacknowledged, or in its shelter. */
  abandon(): void {
    this.#stopping.abort();
    this.wake();
  }

  /**
   * Decides and sends; only while there is place. The promise resolves when the item is durable; it never rejects.
   * @param sheltered it is durable elsewhere already
   */
  push(item: T, sheltered = false): Promise<void> {
    const decision = this.#deps.decide(item);
    if (decision.appends.length === 0) {
      this.#deps.onSettled(item);
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = (): void => {
      resolve();
      this.#deps.onSettled(item);
    };
    const { appends } = decision;
    const state = { inDoubt: false, sheltered, smallest: false };
    const entry: Entry<T, D> = { item, decision, appends, ...state, release: resolve, settle };
    this.#entries.push(entry);
    const sent = this.#send(entry)
      .catch((error: unknown) => this.#recover(error))
      .finally(() => {
        this.#inFlight.delete(sent);
        this.wake();
      });
    this.#inFlight.add(sent);
    return promise;
  }

  async #send(entry: Entry<T, D>): Promise<void> {
    if (this.#inFlight.size > 0 && (this.#shared || entry.appends.some(beginsStream))) {
      await Promise.all(this.#inFlight);
      // It has its turn there.
      if (this.#recovery !== null || this.#stopping.signal.aborted) return;
    }
    await this.#append(entry);
  }

  async #append(entry: Entry<T, D>): Promise<void> {
    try {
      const position = this.#atomic
        ? (await this.#deps.store.append(entry.appends)).position
        : await this.#appendParts(entry);
      this.#entries = this.#entries.filter((other) => other !== entry);
      this.#deps.onCommit(entry.decision, position);
    } catch (error) {
      entry.inDoubt = !(error instanceof WrongExpectedVersion || error instanceof EventRejected);
      throw error;
    }
    entry.settle();
  }

  /** Stream by stream, those of different flows at once. @throws what the first failing one threw, when all have ended */
  async #appendParts(entry: Entry<T, D>): Promise<string> {
    let last = "";
    const one = async (appends: readonly StreamAppend[]): Promise<void> => {
      for (const append of appends) {
        const { position } = await this.#deps.store.append([append]);
        entry.appends = entry.appends.filter((other) => other !== append);
        this.#deps.onPart(entry.item, append);
        if (last === "" || this.#deps.store.compare(position, last) > 0) last = position;
      }
    };
    const chains = Map.groupBy(entry.appends, (append) => flowOf(append));
    const results = await Promise.allSettled([...chains.values()].map(one));
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    // One whose effect is unknown decides over the rest: it has to be tried again as it is.
    const unknown = errors.find((error) => !(error instanceof WrongExpectedVersion || error instanceof EventRejected));
    if (errors.length > 0) throw unknown ?? errors[0];
    return last;
  }

  #recover(error: unknown): void {
    this.#fail(error);
    this.#recovery ??= this.#retryAll().finally(() => {
      this.#recovery = null;
      this.#failing = null;
      this.wake();
    });
  }

  #fail(error: unknown): void {
    // Meeting another gateway is no failure.
    if (error instanceof WrongExpectedVersion) return;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#failing === null) this.#deps.log.error({ err: error }, "the event log takes no appends; retrying");
    this.#failing = { since: this.#failing?.since ?? this.#deps.clock.now(), reason };
  }

  async #retryAll(): Promise<void> {
    await Promise.allSettled([...this.#inFlight]);
    let wait = RETRY_MS.first;
    let conflicts = 0;
    let inVain = 0;
    while (!this.#stopping.signal.aborted) {
      const entry = this.#entries.find(({ inDoubt }) => inDoubt) ?? this.#entries[0];
      if (entry === undefined) break;
      let answered = false;
      try {
        if (conflicts < OVERTAKEN) await this.#append(entry);
        else inVain = await this.#appendInTurn(entry, inVain);
        conflicts = 0;
        inVain = 0;
        wait = RETRY_MS.first;
        continue;
      } catch (error) {
        this.#fail(error);
        if (error instanceof WrongExpectedVersion) conflicts += 1;
        answered = error instanceof WrongExpectedVersion;
        if (error instanceof EventRejected && !entry.smallest) {
          this.#isolate(entry, error.message);
          // The state is not at fault.
          inVain = Number.NEGATIVE_INFINITY;
          answered = true;
        }
      }
      try {
        if (!this.#entries.some(({ inDoubt }) => inDoubt)) inVain = await this.#catchUp(inVain);
        // Deciding again has not helped so far where the log keeps having nothing new.
        if (answered && inVain <= IN_VAIN) continue;
        if (answered) this.#fail(new EventStoreUnavailable(CONTRADICTION));
      } catch (error) {
        this.#fail(error);
      }
      await this.#seekShelter().catch((error: unknown) => this.#fail(error));
      await this.#pause(wait);
      wait = Math.min(wait * 2, RETRY_MS.most);
    }
    if (this.#entries.length === 0 && this.#failing !== null) this.#deps.log.info("the event log takes appends again");
  }

  /** Nobody else appends between the look at the log and the append. */
  #appendInTurn(entry: Entry<T, D>, inVain: number): Promise<number> {
    return this.#deps.store.exclusively(async () => {
      const after = await this.#catchUp(inVain);
      if (this.#entries.includes(entry)) await this.#append(entry);
      return after;
    });
  }

  /** Decides again what is certain not to be in the log. @returns how often the log had nothing new, in a row */
  async #catchUp(inVain: number): Promise<number> {
    const certain = this.#entries.filter((entry) => !entry.inDoubt);
    const news = await this.#deps.resync(certain.map(({ decision }) => decision));
    if (!news && inVain >= IN_VAIN) await this.#deps.reload();
    for (const entry of certain) {
      entry.decision = this.#deps.decide(entry.item);
      entry.appends = entry.decision.appends;
      if (entry.appends.length > 0) continue;
      // It comes to nothing now: its flow was disabled meanwhile, or the log has all of it.
      this.#entries = this.#entries.filter((other) => other !== entry);
      entry.settle();
    }
    return news ? 0 : inVain + 1;
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  async #seekShelter(): Promise<void> {
    const { shelter, clock } = this.#deps;
    if (shelter === undefined || this.#failing === null) return;
    // A clock that was set back says nothing; better early than much too late.
    if (Math.abs(clock.now() - this.#failing.since) < SHELTER_AFTER_MS) return;
    const exposed = this.#entries.filter((entry) => !entry.sheltered);
    if (exposed.length > 0 && !(await shelter(exposed.map((entry) => entry.item)))) return;
    for (const entry of exposed) {
      entry.sheltered = true;
      entry.release();
    }
  }

  /** Splits the entry, which is done when all of its parts are. They are decided before they are appended. */
  #isolate(refused: Entry<T, D>, reason: string): void {
    const parts = this.#deps.isolate(refused.item, reason);
    let missing = parts.length;
    const entries = parts.map((item) => {
      const settle = (): void => {
        this.#deps.onSettled(item);
        missing -= 1;
        if (missing === 0) refused.settle();
      };
      return { ...refused, item, inDoubt: false, smallest: parts.length === 1, settle };
    });
    this.#entries = this.#entries.flatMap((entry) => (entry === refused ? entries : [entry]));
  }
}
