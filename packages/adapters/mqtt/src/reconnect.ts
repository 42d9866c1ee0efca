/** When to connect again: after 1, 2, 4 … 60 seconds, each shortened by chance so that clients do not come in step. */
export interface BackoffOptions {
  readonly initialSeconds: number;
  readonly maximumSeconds: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #attempts = 0;

  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Seconds to wait now: between half of the step and all of it. */
  next(): number {
    const { initialSeconds, maximumSeconds } = this.#options;
    const step = Math.min(maximumSeconds, initialSeconds * 2 ** this.#attempts);
    if (step < maximumSeconds) this.#attempts += 1;
    return step * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
