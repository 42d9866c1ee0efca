const BITS = 1 << 15;

/** A set of message numbers: a bit a number, where numbers are near each other. */
export class NumberSet {
  readonly #blocks = new Map<number, Uint8Array>();

  add(number: number): void {
    const block = Math.floor(number / BITS);
    let bits = this.#blocks.get(block);
    if (bits === undefined) {
      bits = new Uint8Array(BITS >> 3);
      this.#blocks.set(block, bits);
    }
    const index = number % BITS;
    bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  }

  has(number: number): boolean {
    const index = number % BITS;
    const byte = this.#blocks.get(Math.floor(number / BITS))?.[index >> 3] ?? 0;
    return (byte & (1 << (index & 7))) !== 0;
  }
}
