/** How many to ask for, so that a page of large ones is not too large for memory: by those that came before. */
const START = 100;
const CHARACTERS = 8 * 1024 * 1024;

export class PageSize {
  readonly #most: number;
  #next: number;

  constructor(most: number) {
    this.#most = most;
    this.#next = Math.min(START, most);
  }

  get next(): number {
    return this.#next;
  }

  /** @param characters of text in the page */
  note(items: number, characters: number): void {
    const fitting = items === 0 ? this.#next : Math.floor((CHARACTERS * items) / Math.max(characters, 1));
    this.#next = Math.max(1, Math.min(this.#most, fitting));
  }
}
