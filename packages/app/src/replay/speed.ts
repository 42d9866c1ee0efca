import type { Clock } from "@sluice/domain";

const WINDOW_MS = 5_000;

/** How fast a figure has grown lately. */
export class Speed {
  readonly #clock: Clock;
  readonly #samples: { readonly at: number; readonly figure: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(figure: number): void {
    const at = this.#clock.now();
    const last = this.#samples.at(-1);
    if (last !== undefined && at - last.at < WINDOW_MS / 20) return;
    this.#samples.push({ at, figure });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW_MS) this.#samples.shift();
  }

  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return ((last.figure - first.figure) * 1_000) / (last.at - first.at);
  }
}
