/** What the store remembers of events: where they lie, and of which it does not know whether they do. Bounded. */
export interface Place {
  readonly stream: string;
  readonly version: number;
}

const MOST_IDS = 50_000;
const MOST_STREAMS = 1_000;

export class RecentIds {
  /** In the order in which they were added. */
  readonly #places = new Map<string, Place>();
  /** Streams whose last events were read. */
  readonly #seen = new Set<string>();
  /** Of appends that failed, and may be committed all the same, or yet. */
  readonly #doubtful = new Set<string>();

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

  hasSeen(stream: string): boolean {
    return this.#seen.has(stream);
  }

  markSeen(stream: string): void {
    this.#seen.add(stream);
    if (this.#seen.size > MOST_STREAMS) dropFirst(this.#seen);
  }

  isDoubtful(ids: readonly string[]): boolean {
    return ids.some((id) => this.#doubtful.has(id));
  }

  markDoubtful(ids: readonly string[], doubtful: boolean): void {
    for (const id of ids) {
      if (!doubtful) this.#doubtful.delete(id);
      else this.#doubtful.add(id);
      if (this.#doubtful.size > MOST_IDS) dropFirst(this.#doubtful);
    }
  }
}

const dropFirst = (entries: Map<string, unknown> | Set<string>): void => {
  for (const key of entries.keys()) {
    entries.delete(key);
    return;
  }
};
