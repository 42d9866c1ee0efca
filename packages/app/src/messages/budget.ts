/** What one answer may hold, in characters of JSON: a thousand events may each have a payload of a megabyte. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

export class Budget {
  #left: number;
  #exceeded = false;

  constructor(characters = MAX_CHARACTERS) {
    this.#left = characters;
  }

  /** Whether something has been refused. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  /** Whether nothing more should be taken. */
  get spent(): boolean {
    return this.#left <= 0;
  }

  /** Takes the item unless the budget is spent; the last one may go beyond it. @returns whether it was taken */
  take(item: unknown): boolean {
    if (this.spent) {
      this.#exceeded = true;
      return false;
    }
    this.#left -= JSON.stringify(item).length;
    return true;
  }
}
