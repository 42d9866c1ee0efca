/** Events of one message in several flows are near each other in the log: they are appended together. */
const KEPT = 100_000;

/** Ids of messages seen lately, so that a message that several flows have is met once. */
export class RecentIds {
  #newer = new Set<string>();
  #older = new Set<string>();

  /** @returns whether it is new */
  add(id: string): boolean {
    if (this.#newer.has(id) || this.#older.has(id)) return false;
    this.#newer.add(id);
    if (this.#newer.size >= KEPT) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    return true;
  }
}
