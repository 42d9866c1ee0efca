/**
 * Retained messages recorded so far. A broker sends a topic's retained message again at every new subscription; the
 * same bytes for the same flow and topic are recorded once.
 *
 * Bounded: past `capacity` topics the oldest is forgotten, which costs at worst one repeated record.
 */
export class RetainedTopics {
  readonly #digests = new Map<string, string>();
  readonly #capacity: number;

  constructor(capacity = 100_000, entries: Iterable<readonly [string, string]> = []) {
    this.#capacity = capacity;
    for (const [key, digest] of entries) this.#set(key, digest);
  }

  isRepeat(flow: string, topic: string, digest: string): boolean {
    return this.#digests.get(`${flow}\n${topic}`) === digest;
  }

  record(flow: string, topic: string, digest: string): void {
    this.#set(`${flow}\n${topic}`, digest);
  }

  #set(key: string, digest: string): void {
    this.#digests.delete(key);
    this.#digests.set(key, digest);
    if (this.#digests.size > this.#capacity) {
      const oldest = this.#digests.keys().next();
      if (!oldest.done) this.#digests.delete(oldest.value);
    }
  }

  entries(): readonly (readonly [string, string])[] {
    return [...this.#digests];
  }
}
