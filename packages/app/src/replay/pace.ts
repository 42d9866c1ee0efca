import { setTimeout as delay } from "node:timers/promises";

/** So many in a second and no more. */
export class Pace {
  readonly #msEach: number;
  readonly #signal: AbortSignal;
  #next = 0;

  constructor(perSecond: number, signal: AbortSignal) {
    this.#msEach = 1_000 / perSecond;
    this.#signal = signal;
  }

  async wait(items: number): Promise<void> {
    const now = performance.now();
    const start = Math.max(this.#next, now);
    this.#next = start + items * this.#msEach;
    if (start > now) await delay(start - now, undefined, { signal: this.#signal });
  }
}
