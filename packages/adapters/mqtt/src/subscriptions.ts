/**
 * Makes the broker's subscriptions of our session equal to the wanted ones. What the broker holds is known from its
 * answers as long as the session lasts, and from the `SessionMemory` after a restart of the gateway: the memory always
 * names at least every filter that the broker may hold.
 */
import type { QoS } from "@sluice/contracts";
import { type CopyFor, parseTopicFilter, type Subscription } from "@sluice/domain";
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
/** Shared filters have their identifiers above it, up to the largest that there is (MQTT 5, 1.5.5). */
const MAXIMUM_PLAIN = 67_108_863;
const SHARED_IDENTIFIERS = 268_435_455 - MAXIMUM_PLAIN;

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += FILTERS_A_PACKET) yield items.slice(from, from + FILTERS_A_PACKET);
}

const isShared = (filter: string): boolean => filter.startsWith("$share/");

const isPlain = (identifier: number): boolean => identifier <= MAXIMUM_PLAIN;

/** FNV-1a, 32 bits. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
};

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
  /** By identifier. */
  readonly #sharedFilters = new Map<number, string>();
  #lastPlain = 0;
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
    // Before the first answer: what the broker has kept comes earlier.
    for (const filter of wanted.keys()) if (isShared(filter)) this.identify(filter);
  }

  /**
   * Subscription identifier of a filter; the same as long as the filter is held [MQTT-3.8.2.1.2]. Small ones cost least,
   * in the packet and in reading it. But a shared filter has the same one in every run: what the broker has kept for us
   * carries the identifier of the run before, and only the right flow may take it.
   */
  identify(filter: string): number {
    const known = this.#identifiers.get(filter);
    if (known !== undefined) return known;
    const identifier = isShared(filter) ? this.#freeShared(filter) : this.#nextPlain();
    this.#identifiers.set(filter, identifier);
    return identifier;
  }

  #nextPlain(): number {
    this.#lastPlain = (this.#lastPlain % MAXIMUM_PLAIN) + 1;
    return this.#lastPlain;
  }

  #freeShared(filter: string): number {
    for (let place = hash(filter) % SHARED_IDENTIFIERS; ; place = (place + 1) % SHARED_IDENTIFIERS) {
      const identifier = MAXIMUM_PLAIN + 1 + place;
      if (this.#sharedFilters.has(identifier)) continue;
      this.#sharedFilters.set(identifier, filter);
      return identifier;
    }
  }

  /** Null where nothing is shared, or the broker does not say for which subscriptions the copy is. */
  copyFor(identifiers: readonly number[]): CopyFor | null {
    const plainOnly = identifiers.every(isPlain);
    if (identifiers.length === 0 || (plainOnly && this.#sharedFilters.size === 0)) return null;
    const shared = identifiers.flatMap((identifier) => this.#sharedFilters.get(identifier) ?? []);
    return { plain: plainOnly || identifiers.some(isPlain), shared };
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
        this.#forgetIdentifier(filter);
      }
    }
    await this.#save();
  }

  #forgetIdentifier(filter: string): void {
    this.#sharedFilters.delete(this.#identifiers.get(filter) ?? 0);
    this.#identifiers.delete(filter);
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
