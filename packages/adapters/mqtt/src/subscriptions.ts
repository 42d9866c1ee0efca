/**
 * Makes the broker's subscriptions of our session equal to the wanted ones. What the broker holds is known from its
 * answers as long as the session lasts, and from the `SessionMemory` after a restart of the gateway: the memory always
 * names at least every filter that the broker may hold.
 */
import type { QoS } from "@sluice/contracts";
import { parseTopicFilter, type Subscription } from "@sluice/domain";
import type { SessionMemory } from "./config.ts";
import { describeRefusal } from "./errors.ts";

export interface SubscribingConnection {
  /** @returns the broker's reason code for each filter */
  subscribe(filters: readonly string[], qos: QoS): Promise<readonly number[]>;
  unsubscribe(filters: readonly string[]): Promise<void>;
}

/** Filters in one packet: far below any broker's limit on packets. */
const FILTERS_A_PACKET = 100;
const REFUSED = 0x80;
const MAXIMUM_IDENTIFIER = 268_435_455;

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += FILTERS_A_PACKET) yield items.slice(from, from + FILTERS_A_PACKET);
}

const faultOf = (filter: string): string | null => {
  try {
    parseTopicFilter(filter);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

export class Subscriptions {
  readonly #memory: SessionMemory;
  readonly #onError: (error: unknown) => void;
  #wanted: ReadonlyMap<string, QoS> = new Map();
  /** What the broker has granted in this session, by the QoS that was asked for. */
  readonly #granted = new Map<string, QoS>();
  /** Filters that the broker may hold besides: from before this process, or asked for without an answer. */
  readonly #remembered = new Set<string>();
  #loaded = false;
  #saved: readonly string[] | null = null;
  readonly #refused = new Map<string, string>();
  readonly #identifiers = new Map<string, number>();
  #lastIdentifier = 0;
  #running: Promise<void> | null = null;

  /** @param onError hears of a memory that fails; subscribing goes on without it */
  constructor(memory: SessionMemory, onError: (error: unknown) => void) {
    this.#memory = memory;
    this.#onError = onError;
  }

  get granted(): number {
    return this.#granted.size;
  }

  get refused(): ReadonlyMap<string, string> {
    return new Map(this.#refused);
  }

  want(subscriptions: readonly Subscription[]): void {
    const wanted = new Map<string, QoS>();
    for (const { filter, qos } of subscriptions) wanted.set(filter, Math.max(qos, wanted.get(filter) ?? 0) as QoS);
    for (const [filter, qos] of this.#wanted) if (wanted.get(filter) !== qos) this.#refused.delete(filter);
    this.#wanted = wanted;
  }

  /** Subscription identifier of a filter; the same as long as the filter is held [MQTT-3.8.2.1.2]. */
  identify(filter: string): number {
    const known = this.#identifiers.get(filter);
    if (known !== undefined) return known;
    this.#lastIdentifier = (this.#lastIdentifier % MAXIMUM_IDENTIFIER) + 1;
    this.#identifiers.set(filter, this.#lastIdentifier);
    return this.#lastIdentifier;
  }

  /** Asks the memory, once; before the first connection. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    try {
      for (const filter of await this.#memory.load()) this.#remembered.add(filter);
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Every connection: what was refused is asked for again; without a session the broker holds nothing. */
  connected(sessionPresent: boolean): void {
    this.#refused.clear();
    if (sessionPresent) return;
    this.#granted.clear();
    this.#remembered.clear();
  }

  /** One at a time; a change of what is wanted while it runs is taken in. Rejects when the connection is lost. */
  async reconcile(connection: SubscribingConnection): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => {});
    this.#running = this.#reconcile(connection);
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #reconcile(connection: SubscribingConnection): Promise<void> {
    for (;;) {
      const wanted = this.#wanted;
      // New ones first: where a filter replaces another there is no moment without either.
      await this.#subscribeMissing(connection, wanted);
      await this.#unsubscribeUnwanted(connection, wanted);
      if (wanted === this.#wanted) return;
    }
  }

  async #subscribeMissing(connection: SubscribingConnection, wanted: ReadonlyMap<string, QoS>): Promise<void> {
    const missing: [string, QoS][] = [];
    for (const [filter, qos] of wanted) {
      if (this.#granted.get(filter) === qos || this.#refused.has(filter)) continue;
      const fault = faultOf(filter);
      if (fault === null) missing.push([filter, qos]);
      else this.#refused.set(filter, fault);
    }
    if (missing.length === 0) return;
    for (const [filter] of missing) this.#remembered.add(filter);
    await this.#save();
    for (const qos of [0, 1, 2] as const) {
      const filters = missing.filter(([, asked]) => asked === qos).map(([filter]) => filter);
      for (const some of chunks(filters)) {
        const codes = await connection.subscribe(some, qos);
        for (const [index, filter] of some.entries()) this.#answered(filter, qos, codes[index] ?? REFUSED);
      }
    }
  }

  #answered(filter: string, qos: QoS, code: number): void {
    this.#remembered.delete(filter);
    if (code < REFUSED) this.#granted.set(filter, qos);
    else this.#refused.set(filter, describeRefusal(code));
  }

  async #unsubscribeUnwanted(connection: SubscribingConnection, wanted: ReadonlyMap<string, QoS>): Promise<void> {
    const unwanted = this.#held().filter((filter) => !wanted.has(filter));
    for (const some of chunks(unwanted)) {
      await connection.unsubscribe(some);
      for (const filter of some) {
        this.#granted.delete(filter);
        this.#remembered.delete(filter);
        this.#identifiers.delete(filter);
      }
    }
    await this.#save();
  }

  #held(): string[] {
    return [...new Set([...this.#granted.keys(), ...this.#remembered])];
  }

  async #save(): Promise<void> {
    const held = this.#held().sort();
    if (held.length === this.#saved?.length && held.every((filter, index) => filter === this.#saved?.[index])) return;
    try {
      await this.#memory.save(held);
      this.#saved = held;
    } catch (error) {
      this.#onError(error);
    }
  }
}
