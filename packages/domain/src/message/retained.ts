/**
 * Retained messages recorded so far. A broker sends a topic's retained message again at every new subscription; the
 * same bytes for the same flow and topic are recorded once.
 *
 * What has been decided and not yet committed is kept apart, as it may have to be decided again.
 *
 * Bounded: past `capacity` topics the oldest is forgotten, which costs at worst one repeated record.
 */
export class RetainedTopics {
  readonly #digests = new Map<string, string>();
  readonly #uncommitted = new Map<string, string>();
  readonly #capacity: number;

  constructor(capacity = 100_000, entries: Iterable<readonly [string, string]> = []) {
    this.#capacity = capacity;
    for (const [key, digest] of entries) this.#set(key, digest);
  }

  isRepeat(flow: string, topic: string, digest: string): boolean {
    const key = keyOf(flow, topic);
    return (this.#uncommitted.get(key) ?? this.#digests.get(key)) === digest;
  }

  /** Decided, not committed. */
  decide(flow: string, topic: string, digest: string): void {
    this.#uncommitted.set(keyOf(flow, topic), digest);
  }

  /** In the log. */
  record(flow: string, topic: string, digest: string): void {
    const key = keyOf(flow, topic);
    if (this.#uncommitted.get(key) === digest) this.#uncommitted.delete(key);
    this.#set(key, digest);
  }

  /** What was decided is decided again. */
  rollBack(): void {
    this.#uncommitted.clear();
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

const keyOf = (flow: string, topic: string): string => `${flow}\n${topic}`;
