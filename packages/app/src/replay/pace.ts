import { setTimeout as delay } from "node:timers/promises";

/** So many in a second and no more. */
export class Pace {
  readonly perSecond: number;
  readonly #signal: AbortSignal;
  #next = 0;

  constructor(perSecond: number, signal: AbortSignal) {
    this.perSecond = perSecond;
    this.#signal = signal;
  }

  async wait(items: number): Promise<void> {
    const now = performance.now();
    const start = Math.max(this.#next, now);
    this.#next = start + (items * 1_000) / this.perSecond;
    if (start > now) await delay(start - now, undefined, { signal: this.#signal });
  }
}
