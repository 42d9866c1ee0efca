/**
 * Works the queue of deliveries off: leases items group by group (a group is one endpoint of one flow), posts them, and
 * says in the log what came of it. It never takes an item off the queue: the forwarder does, when it reads the result
 * back. A delivery whose result was not yet recorded when the process died is posted again, with the same
 * Idempotency-Key. A delivery that was edited is another request, and has a key of its own: an endpoint that answers
 * from memory what it has seen before must not answer for the old body.
 *
 * Each group has its own concurrency and circuit breaker, so a hanging endpoint holds up nothing but itself.
 */
import type {
  EncodedBytes,
  EventData,
  EventType,
  FlowDefinition,
  NewEvent,
  PostEndpointAction,
  RecordedEvent,
} from "@sluice/contracts";
import {
  type BreakerState,
  breakerClosed,
  breakerPermits,
  type Clock,
  dayOf,
  deliveriesStream,
  type EndpointGateway,
  type EndpointOutcome,
  type EventStore,
  evolveBreaker,
  type GroupStatistics,
  type IdSource,
  type LeasedItem,
  type OfflineQueue,
  retryDelayMs,
} from "@sluice/domain";
import type { Logger } from "pino";
import { decodeBytes } from "../ingest/encode-payload.ts";
import { type DeliveryReference, decodeReference } from "./forwarder.ts";
import { ResultLog } from "./result-log.ts";

export interface DeliveryRunnerDependencies {
  readonly store: EventStore;
  readonly queue: OfflineQueue;
  readonly gateway: EndpointGateway;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Definitions as they are now, also of retired flows. */
  readonly definitionOf: (flow: string) => FlowDefinition | undefined;
}

interface Group {
  readonly name: string;
  inFlight: number;
  breaker: BreakerState;
  lastError: string | null;
}

export interface GroupStatus extends GroupStatistics {
  readonly breaker: BreakerState["kind"];
  readonly lastError: string | null;
}

/** A lease outlives the attempt by this much, for the result to get into the log and back. */
const LEASE_MARGIN_MS = 60_000;
const LONGEST_PAUSE_MS = 1_000;

export class DeliveryRunner {
  readonly #deps: DeliveryRunnerDependencies;
  readonly #groups = new Map<string, Group>();
  readonly #active = new Map<string, Promise<void>>();
  readonly #results: ResultLog;
  #wake: () => void = () => {};
  #woken = false;

  constructor(dependencies: DeliveryRunnerDependencies) {
    this.#deps = dependencies;
    this.#results = new ResultLog(dependencies.store, dependencies.log);
  }

  /** Something may be there to deliver. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Until the signal; then waits for the attempts that are running, which the signal cuts short. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.wake(), { once: true });
    await this.#whileTrouble(signal, () => this.#deps.queue.releaseAll());
    while (!signal.aborted) {
      this.#woken = false;
      const next = (await this.#whileTrouble(signal, () => this.#pass(signal))) ?? 0;
      await this.#pause(Math.min(Math.max(next - this.#deps.clock.now(), 1), LONGEST_PAUSE_MS));
    }
    await Promise.allSettled(this.#active.values());
  }

  async status(): Promise<readonly GroupStatus[]> {
    return (await this.#deps.queue.groups()).map((statistics) => {
      const group = this.#group(statistics.group);
      return { ...statistics, breaker: group.breaker.kind, lastError: group.lastError };
    });
  }

  /** The queue's own trouble (a full disk) must not end the loop. */
  async #whileTrouble<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!signal.aborted) this.#deps.log.error({ err: error }, "the delivery queue cannot be used; retrying");
      await this.#pause(LONGEST_PAUSE_MS);
      return undefined;
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#woken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = () => {};
  }

  /** Leases what may go now. @returns when the next pass can find more, in ms since the epoch */
  async #pass(signal: AbortSignal): Promise<number> {
    const now = this.#deps.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const statistics of await this.#deps.queue.groups()) {
      if (statistics.nextAt === null) continue;
      if (statistics.nextAt > now) {
        next = Math.min(next, statistics.nextAt);
        continue;
      }
      const group = this.#group(statistics.group);
      const action = this.#actionOf(statistics.group);
      const capacity = action === undefined ? LEASE_OF_ORPHANS : action.ordered ? 1 : action.concurrency;
      const permits = breakerPermits(group.breaker, now);
      if (permits.count === 0) next = Math.min(next, permits.at);
      const limit = Math.min(capacity, permits.count) - group.inFlight;
      if (limit <= 0) continue;
      const items = await this.#deps.queue.lease({
        group: statistics.group,
        limit,
        ordered: action?.ordered ?? false,
        now,
        until: now + timeoutOf(action) + LEASE_MARGIN_MS,
      });
      for (const item of items) this.#begin(group, item, action, signal);
    }
    return next;
  }

  #begin(group: Group, item: LeasedItem, action: PostEndpointAction | undefined, signal: AbortSignal): void {
    if (this.#active.has(item.id)) return;
    group.inFlight += 1;
    const running = this.#deliver(group, item, action, signal)
      .catch((error: unknown) =>
        this.#deps.log.error({ err: error, delivery: item.id }, "delivery failed unexpectedly"),
      )
      .finally(() => {
        group.inFlight -= 1;
        this.#active.delete(item.id);
        this.wake();
      });
    this.#active.set(item.id, running);
  }

  async #deliver(
    group: Group,
    item: LeasedItem,
    action: PostEndpointAction | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const reference = decodeReference(item.payload);
    const attempts = item.attempts + 1;
    if (action === undefined) {
      await this.#dead(reference, "the flow has no such action any more", attempts, signal);
      return;
    }
    const [event] = await this.#deps.store.readStream(reference.stream, { from: reference.version, limit: 1 });
    const body = event === undefined ? null : bodyOf(event);
    if (body === null) {
      await this.#dead(reference, "the message is not in the log any more", attempts, signal);
      return;
    }
    const outcome = await this.#deps.gateway.deliver(
      {
        url: action.url,
        headers: action.headers,
        body: decodeBytes(body.payload),
        idempotencyKey: body.edit === null ? item.id : `${item.id}#${body.edit}`,
        timeoutMs: timeoutOf(action),
      },
      signal,
    );
    if (signal.aborted && outcome.kind !== "delivered") {
      await this.#deps.queue.release([item.id]);
      return;
    }
    const unreachable = outcome.kind === "retry" && outcome.unreachable;
    group.breaker = evolveBreaker(group.breaker, unreachable ? "failure" : "success", this.#deps.clock.now());
    group.lastError = outcome.kind === "delivered" ? null : outcome.reason;
    await this.#record(item, reference, action, outcome, attempts, signal);
  }

  async #record(
    item: LeasedItem,
    reference: DeliveryReference,
    action: PostEndpointAction,
    outcome: EndpointOutcome,
    attempts: number,
    signal: AbortSignal,
  ): Promise<void> {
    const common = { ...trafficOf(reference), url: withoutQuery(action.url), attempts };
    if (outcome.kind === "delivered") {
      const data = { ...common, status: outcome.status, latencyMs: outcome.latencyMs };
      await this.#append(reference, [this.#event("EndpointForwarded", data)], signal);
      return;
    }
    const status = outcome.status === undefined ? {} : { status: outcome.status };
    const failed = { ...common, ...status, reason: outcome.reason };
    if (outcome.kind === "refused" || attempts >= action.maxAttempts) {
      const dead = this.#deadEvent(reference, outcome.reason, attempts);
      await this.#append(reference, [this.#event("EndpointForwardFailed", failed), dead], signal);
      return;
    }
    const { random } = this.#deps;
    const wait = retryDelayMs(attempts, {
      random: random(),
      ...(outcome.retryAfterMs === undefined ? {} : { retryAfterMs: outcome.retryAfterMs }),
    });
    const at = this.#deps.clock.now() + wait;
    const event = this.#event("EndpointForwardFailed", { ...failed, retryAt: new Date(at).toISOString() });
    await this.#append(reference, [event], signal);
    await this.#deps.queue.retryLater([{ id: item.id, at }]);
  }

  #dead(reference: DeliveryReference, reason: string, attempts: number, signal: AbortSignal): Promise<void> {
    return this.#append(reference, [this.#deadEvent(reference, reason, attempts)], signal);
  }

  #deadEvent(reference: DeliveryReference, reason: string, attempts: number): NewEvent {
    return this.#event("DeliveryDeadLettered", { ...trafficOf(reference), reason, attempts });
  }

  #event<T extends EventType>(type: T, data: EventData<T>): NewEvent {
    return { id: this.#deps.ids.next(), type, schemaVersion: 1, data, metadata: {} } as NewEvent;
  }

  #append(reference: DeliveryReference, events: readonly NewEvent[], signal: AbortSignal): Promise<void> {
    const day = dayOf(new Date(this.#deps.clock.now()).toISOString());
    return this.#results.record(deliveriesStream(reference.flow, day), events, signal);
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { name, inFlight: 0, breaker: breakerClosed, lastError: null };
      this.#groups.set(name, group);
    }
    return group;
  }

  #actionOf(group: string): PostEndpointAction | undefined {
    const slash = group.lastIndexOf("/");
    const definition = this.#deps.definitionOf(group.slice(0, slash));
    const action = definition?.actions.find((candidate) => candidate.id === group.slice(slash + 1));
    return action?.type === "POST_ENDPOINT" ? action : undefined;
  }
}

/** Deliveries of an action that is gone cost no request: they are only declared dead. */
const LEASE_OF_ORPHANS = 100;

/** `edit`: id of the event that has edited it; null: it is as received. Null when the event has no body. */
const bodyOf = (event: RecordedEvent): { readonly payload: EncodedBytes; readonly edit: string | null } | null => {
  if (event.type === "MessageReceived") return { payload: event.data.payload, edit: null };
  if (event.type !== "DeliveryRetried" || event.data.edit === undefined || !("payload" in event.data.edit)) return null;
  return { payload: event.data.edit.payload, edit: event.id };
};

const timeoutOf = (action: PostEndpointAction | undefined): number => (action?.timeoutSeconds ?? 0) * 1_000;

const trafficOf = ({ flow, messageId, messageNumber, action }: DeliveryReference) => ({
  flow,
  messageId,
  messageNumber,
  action,
});

/** Query strings carry tokens. */
const withoutQuery = (url: string): string => url.split("?", 1)[0] as string;
