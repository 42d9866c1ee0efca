/** Stretches of the tree that threads take in turn, from memory that they share. */
import type { TileRun } from "./check-tiles.ts";

/** Tiles of a run. */
const RUN = 32;
/** Cells that are shared: how many runs were taken, whether to stop, and from the third on which threads have joined. */
const [TAKEN, STOPPED, JOINED] = [0, 1, 2];

export interface SharedRuns {
  readonly tiles: TileRun;
  readonly state: SharedArrayBuffer;
}

export class Runs {
  readonly #tiles: TileRun;
  readonly #state: Int32Array;

  constructor({ tiles, state }: SharedRuns) {
    this.#tiles = tiles;
    this.#state = new Int32Array(state);
  }

  /** For so many threads. */
  static share(tiles: TileRun, threads: number): SharedRuns {
    return { tiles, state: new SharedArrayBuffer((JOINED + threads) * Int32Array.BYTES_PER_ELEMENT) };
  }

  static countOf({ first, end }: TileRun): number {
    return Math.ceil((end - first) / RUN);
  }

  /** Said by a thread before it takes its first run. */
  join(thread: number): void {
    Atomics.store(this.#state, JOINED + thread, 1);
  }

  /** Once `take` has given null: a thread that has not joined by then will be given nothing either. */
  hasJoined(thread: number): boolean {
    return Atomics.load(this.#state, JOINED + thread) === 1;
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
