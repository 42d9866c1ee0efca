/** Stretches of the tree that threads take in turn, from memory that they share. */
import type { TileRun } from "./check-tiles.ts";

/** Tiles of a run. */
const RUN = 32;
const [TAKEN, STOPPED] = [0, 1];

export class Runs {
  readonly #tiles: TileRun;
  readonly #state: Int32Array;

  /** @param shared as another thread's `Runs` has it */
  constructor(tiles: TileRun, shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.#tiles = tiles;
    this.#state = new Int32Array(shared);
  }

  /** What a thread needs to take part. */
  get shared(): { readonly tiles: TileRun; readonly state: SharedArrayBuffer } {
    return { tiles: this.#tiles, state: this.#state.buffer as SharedArrayBuffer };
  }

  get count(): number {
    return Math.ceil((this.#tiles.end - this.#tiles.first) / RUN);
  }

  /** In order, each once; null when there is no more, or no more is wanted. */
  take(): TileRun | null {
    if (Atomics.load(this.#state, STOPPED) === 1) return null;
    const { first, end, size } = this.#tiles;
    const start = first + Atomics.add(this.#state, TAKEN, 1) * RUN;
    return start < end ? { first: start, end: Math.min(start + RUN, end), size } : null;
  }

  /** What is under way goes on: it may find an earlier problem, what nobody has taken cannot. */
  stop(): void {
    Atomics.store(this.#state, STOPPED, 1);
  }
}
