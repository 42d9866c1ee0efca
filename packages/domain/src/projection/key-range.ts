/** Listing rows of the `data` table by (received_at, id), for the databases whose stored times sort as text. */
import type { PageRequest } from "../ports/projection-store.ts";

export interface Key {
  /** As stored; sorts by time. */
  readonly received_at: string;
  readonly id: number;
}

/** Keys to find: the first `limit` in this order, both ends exclusive. */
export interface KeyRange {
  readonly low: Key;
  readonly high: Key;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

export const compareKeys = (a: Key, b: Key): number => {
  if (a.received_at !== b.received_at) return a.received_at < b.received_at ? -1 : 1;
  return a.id - b.id;
};

/**
 * The keys of a page between two stored times, both inclusive: one more than the page has, to see whether there is a
 * next one.
 * @param after the key that the page before ended with, if there was one
 */
export const keyRange = (from: string, to: string, after: Key | null, page: PageRequest): KeyRange => {
  const range: KeyRange = {
    low: { received_at: from, id: Number.MIN_SAFE_INTEGER },
    high: { received_at: to, id: Number.MAX_SAFE_INTEGER },
    order: page.order ?? "asc",
    limit: page.limit + 1,
  };
  if (after === null) return range;
  if (range.order === "asc") return compareKeys(after, range.low) > 0 ? { ...range, low: after } : range;
  return compareKeys(after, range.high) < 0 ? { ...range, high: after } : range;
};

/** The first keys of a range, out of several lists that are each in its order. */
export class KeyMerge {
  #keys: readonly Key[] = [];
  #rest: KeyRange;

  constructor(range: KeyRange) {
    this.#rest = range;
  }

  /** What a further list may be asked for: nothing after the last key found so far. */
  get rest(): KeyRange {
    return this.#rest;
  }

  get keys(): readonly Key[] {
    return this.#keys;
  }

  add(found: readonly Key[]): void {
    if (found.length === 0) return;
    const { order, limit } = this.#rest;
    const sign = order === "asc" ? 1 : -1;
    this.#keys = [...this.#keys, ...found].sort((a, b) => sign * compareKeys(a, b)).slice(0, limit);
    const last = this.#keys[limit - 1];
    if (last) this.#rest = order === "asc" ? { ...this.#rest, high: last } : { ...this.#rest, low: last };
  }
}
