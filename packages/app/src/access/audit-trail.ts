/**
 * What was asked of the admin API, in the log: each request that may have changed something as an event, and those that
 * were refused counted, as one event a minute for each reason and address, so that a flood of them does not fill the
 * log. What cannot be recorded now is kept for later, in bounded memory; what goes beyond that is counted.
 *
 * A process that is killed takes the counts of the last minute with it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventData, EventMetadata, EventType, NewEvent, RefusalReason } from "@sluice/contracts";
import { auditStream, type Clock, dayOf, type EventStore, type IdSource } from "@sluice/domain";
import type { Logger } from "pino";
import { ResultLog } from "../sinks/result-log.ts";

export interface AuditTrailDependencies {
  readonly store: Pick<EventStore, "append" | "capabilities">;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  /** For the log to take a request, before it is answered without that; 1,000 when absent. */
  readonly patienceMs?: number;
  /** Requests that wait for the log at the most; 10,000 when absent. */
  readonly capacity?: number;
}

export interface Refusal {
  readonly reason: RefusalReason;
  readonly remoteAddress: string;
  readonly actor: string | null;
  readonly tokenId: string | null;
  readonly route: string;
  readonly requestId: string;
}

type Refused = EventData<"RequestsRefused">;

interface Tally {
  readonly data: { -readonly [K in keyof Refused]: Refused[K] };
  readonly metadata: EventMetadata;
}

const PATIENCE_MS = 1_000;
const CAPACITY = 10_000;
const INTERVAL_MS = 60_000;
/** Of different refusals; any further one is counted without its address. */
const MOST_TALLIES = 100;
const MOST_EXAMPLES = 10;
const STOP_MS = 2_000;

export class AuditTrail {
  readonly #deps: AuditTrailDependencies;
  readonly #results: ResultLog;
  readonly #stopping = new AbortController();
  readonly #tallies = new Map<string, Tally>();
  #unaudited: EventData<"RequestsUnaudited"> | null = null;
  readonly #waiting = new Set<Promise<void>>();
  /** The log took too long the last time: nobody waits for it now. */
  #late = false;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;

  constructor(dependencies: AuditTrailDependencies) {
    this.#deps = dependencies;
    this.#results = new ResultLog(dependencies.store, dependencies.log, "audited requests");
  }

  /** Never rejects. Resolves when it is in the log, or when the log does not take it in time: then it is kept for later. */
  async request(data: EventData<"RequestAudited">, metadata: EventMetadata): Promise<void> {
    if (this.#waiting.size >= (this.#deps.capacity ?? CAPACITY)) {
      this.#countUnaudited();
      return;
    }
    const recorded = this.#record([this.#event("RequestAudited", data, metadata)]);
    if (this.#late) return;
    const patience = new AbortController();
    const late = delay(this.#deps.patienceMs ?? PATIENCE_MS, true, { signal: patience.signal }).catch(() => false);
    if (await Promise.race([recorded.then(() => false), late])) this.#late = true;
    patience.abort();
  }

  refused(refusal: Refusal): void {
    const { reason, remoteAddress, actor, tokenId } = refusal;
    const key = JSON.stringify([reason, remoteAddress, tokenId]);
    const isKnown = this.#tallies.has(key) || this.#tallies.size < MOST_TALLIES;
    const tally = isKnown
      ? this.#tally(key, { reason, remoteAddress, ...(tokenId === null ? {} : { tokenId }) }, actor)
      : this.#tally(reason, { reason, remoteAddress: null }, null);
    tally.data.count += 1;
    tally.data.lastAt = this.#now();
    addExample(tally.data.routes, refusal.route);
    addExample(tally.data.requestIds, refusal.requestId);
    this.#plan();
  }

  /** Writes the counts. Done by itself every minute in which there are some. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#tallies.size > 0 || this.#unaudited !== null) this.#plan();
    });
    return this.#flushing;
  }

  /** Writes what is left, for 2 s at the most. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const over = new AbortController();
    const late = delay(STOP_MS, undefined, { signal: over.signal }).catch(() => {});
    const flushed = this.#flushing?.then(() => this.flush()) ?? this.flush();
    await Promise.race([Promise.all([flushed, ...this.#waiting]), late]);
    over.abort();
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #flush(): Promise<void> {
    const events = [...this.#tallies.values()].map(({ data, metadata }) =>
      this.#event("RequestsRefused", data, metadata),
    );
    this.#tallies.clear();
    if (this.#unaudited !== null) events.push(this.#event("RequestsUnaudited", this.#unaudited, {}));
    this.#unaudited = null;
    return events.length === 0 ? Promise.resolve() : this.#record(events);
  }

  #plan(): void {
    if (this.#timer !== null || this.#flushing !== null || this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, INTERVAL_MS).unref();
  }

  #record(events: readonly NewEvent[]): Promise<void> {
    const recorded = this.#append(events).finally(() => this.#waiting.delete(recorded));
    this.#waiting.add(recorded);
    return recorded;
  }

  async #append(events: readonly NewEvent[]): Promise<void> {
    try {
      await this.#results.record(auditStream(dayOf(this.#now())), events, this.#stopping.signal);
      this.#late = false;
    } catch (error) {
      this.#deps.log.error({ err: error, events }, "audited requests are not in the event log");
    }
  }

  #tally(key: string, of: Pick<Refused, "reason" | "remoteAddress" | "tokenId">, actor: string | null): Tally {
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      const now = this.#now();
      const data = { ...of, count: 0, firstAt: now, lastAt: now, routes: [], requestIds: [] };
      tally = { data, metadata: actor === null ? {} : { actor } };
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  #countUnaudited(): void {
    const now = this.#now();
    const { count = 0, firstAt = now } = this.#unaudited ?? {};
    this.#unaudited = { count: count + 1, firstAt, lastAt: now };
    this.#plan();
  }

  #now(): string {
    return new Date(this.#deps.clock.now()).toISOString();
  }

  #event<T extends EventType>(type: T, data: EventData<T>, metadata: EventMetadata): NewEvent {
    return { id: this.#deps.ids.next(), type, schemaVersion: 1, data, metadata } as NewEvent;
  }
}

const addExample = (examples: string[], example: string): void => {
  if (examples.length < MOST_EXAMPLES && !examples.includes(example)) examples.push(example);
};
