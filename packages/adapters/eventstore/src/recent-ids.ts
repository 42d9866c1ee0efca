/** Where the last events lie that this store has appended or has seen at the end of a stream, by id. Bounded. */
export interface Place {
  readonly stream: string;
  readonly version: number;
}

const MOST_IDS = 50_000;
const MOST_STREAMS = 1_000;

export class RecentIds {
  /** In the order in which they were added. */
  readonly #places = new Map<string, Place>();
  /** Streams whose last events are known. */
  readonly #known = new Set<string>();

  get(id: string): Place | undefined {
    return this.#places.get(id);
  }

  add(id: string, place: Place): void {
    this.#places.set(id, place);
    if (this.#places.size > MOST_IDS) dropFirst(this.#places);
  }

  /** What was there under this id is not there any more. */
  forget(id: string): void {
    this.#places.delete(id);
  }

  knowsEndOf(stream: string): boolean {
    return this.#known.has(stream);
  }

  markEndOf(stream: string, known: boolean): void {
    this.#known.delete(stream);
    if (known) this.#known.add(stream);
    if (this.#known.size > MOST_STREAMS) dropFirst(this.#known);
  }
}

const dropFirst = (entries: Map<string, unknown> | Set<string>): void => {
  for (const key of entries.keys()) {
    entries.delete(key);
    return;
  }
};
