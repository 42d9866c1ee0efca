/** Checkpoints for the API. The seals are opened when they are first asked for: a gateway runs without them, too. */
import type { CheckpointView } from "@sluice/contracts";
import {
  BadCursor,
  type Clock,
  formatVerifierKey,
  type KeptCheckpoint,
  parseCheckpoint,
  type SealStore,
  toBase64,
} from "@sluice/domain";
import { makeCheckpoint } from "./checkpoints.ts";
import type { SealKey } from "./seal-key.ts";

export class SealsUnavailable extends Error {
  override readonly name = "SealsUnavailable";
}

export interface CheckpointServiceOptions {
  /** Whether the log is sealed at all. */
  readonly enabled: boolean;
  readonly key: () => SealKey;
  readonly clock: Clock;
}

export class CheckpointService {
  readonly #seals: SealStore;
  readonly #options: CheckpointServiceOptions;
  #started = false;

  constructor(seals: SealStore, options: CheckpointServiceOptions) {
    this.#seals = seals;
    this.#options = options;
  }

  async stop(): Promise<void> {
    if (this.#started) await this.#seals.stop();
    this.#started = false;
  }

  /** The newest first. @throws SealsUnavailable, BadCursor */
  async list(limit: number, after?: string): Promise<{ items: CheckpointView[]; next: string | null }> {
    if (after !== undefined && !/^\d{1,15}$/.test(after)) throw new BadCursor("not a number of a checkpoint");
    return this.#use(async (seals, key) => {
      const before = after === undefined ? {} : { before: Number(after) };
      const kept = await seals.checkpoints({ ...before, limit: limit + 1 });
      const items = kept.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((checkpoint) => viewOf(checkpoint, key)),
        next: kept.length > limit && last !== undefined ? `${last.number}` : null,
      };
    });
  }

  /** @throws SealsUnavailable */
  latest(): Promise<CheckpointView | null> {
    return this.#use(async (seals, key) => {
      const [newest] = await seals.checkpoints({ limit: 1 });
      return newest === undefined ? null : viewOf(newest, key);
    });
  }

  /** Of what is sealed now. @throws SealsUnavailable */
  make(): Promise<CheckpointView> {
    const { clock } = this.#options;
    return this.#use(async (seals, key) => viewOf(await makeCheckpoint({ seals, key, clock }), key));
  }

  async #use<T>(work: (seals: SealStore, key: SealKey) => Promise<T>): Promise<T> {
    if (!this.#options.enabled) throw new SealsUnavailable("SEAL_LOG is false");
    try {
      if (!this.#started) await this.#seals.start();
      this.#started = true;
      return await work(this.#seals, this.#options.key());
    } catch (error) {
      throw new SealsUnavailable((error as Error).message, { cause: error });
    }
  }
}

const viewOf = ({ note, time }: KeptCheckpoint, key: SealKey): CheckpointView => {
  const { origin, size, position, root } = parseCheckpoint(note);
  return { origin, size, position, root: toBase64(root), time, note, key: formatVerifierKey(key.verifierKey(origin)) };
};
