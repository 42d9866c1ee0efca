/** What all connections of one load run share: the ids still to be sent, and those acknowledged. */
export class Ledger {
  readonly #acknowledged: Uint8Array;
  readonly #count: number;
  readonly #firstId: number;
  #next = 0;
  sent = 0;
  acknowledged = 0;
  reconnects = 0;

  constructor(count: number, firstId: number) {
    this.#count = count;
    this.#firstId = firstId;
    this.#acknowledged = new Uint8Array(count);
  }

  get exhausted(): boolean {
    return this.#next >= this.#count;
  }

  get complete(): boolean {
    return this.acknowledged >= this.#count;
  }

  /** Ids handed out so far. */
  get taken(): number {
    return this.#next;
  }

  take(): number {
    return this.#firstId + this.#next++;
  }

  acknowledge(id: number): void {
    const index = id - this.#firstId;
    if (this.#acknowledged[index] === 1) return;
    this.#acknowledged[index] = 1;
    this.acknowledged++;
  }

  /** The acknowledged ids as inclusive ranges, ascending. */
  ranges(): [number, number][] {
    const ranges: [number, number][] = [];
    for (let index = 0; index < this.#count; index++) {
      if (this.#acknowledged[index] !== 1) continue;
      const id = this.#firstId + index;
      const last = ranges.at(-1);
      if (last !== undefined && last[1] === id - 1) last[1] = id;
      else ranges.push([id, id]);
    }
    return ranges;
  }
}
