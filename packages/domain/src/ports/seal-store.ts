/**
 * What is kept of the Merkle tree over the log: a hash and an id for every event, in tiles of `TILE_LEAVES`, and the
 * signed checkpoints.
 *
 * Protocol. `start()`, then calls, then `stop()`. One writer appends; any number may read meanwhile, and each answer is
 * of one moment. What `append` has written may be lost in a power cut together with all that came after it: the log has
 * the events, and they are sealed again. `addCheckpoint` is durable when it resolves, and what it covers with it.
 */

/** Leaves of a tile; only the last tile has less than all. */
export interface SealedTile {
  /** From 0. */
  readonly number: number;
  /** Of its first and last event. */
  readonly firstPosition: string;
  readonly lastPosition: string;
  /** Leaf hashes, 32 bytes an event. */
  readonly leaves: Uint8Array;
  /** Event ids, 16 bytes each as of a UUID; zeros for an id that is none. They only name events. */
  readonly ids: Uint8Array;
  /** Null while it is not full. */
  readonly root: Uint8Array | null;
}

export interface SealHead {
  /** Name of this tree, made with it. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  /** How far the log has been taken in; null at the start. */
  readonly position: string | null;
  /** Roots of the perfect subtrees that the full tiles make up, the largest first, one after the other. */
  readonly frontier: Uint8Array;
  /** The last tile, full or not; null when there is none. */
  readonly tail: SealedTile | null;
}

export interface SealBatch {
  /** Where the tree stood. */
  readonly from: Pick<SealHead, "size" | "position">;
  readonly size: number;
  readonly position: string;
  readonly frontier: Uint8Array;
  /** New ones, and the last one in place of what it was. */
  readonly tiles: readonly SealedTile[];
}

export interface KeptCheckpoint {
  /** Of this store, from 1. */
  readonly number: number;
  readonly size: number;
  readonly time: string;
  /** The signed note. */
  readonly note: string;
}

export interface SealStore {
  start(): Promise<void>;
  stop(): Promise<void>;

  head(): Promise<SealHead>;

  /** All or nothing. @throws CursorMoved (see there) the tree is not at `from` */
  append(batch: SealBatch): Promise<void>;

  /** In order, from a number on. */
  tiles(first: number, limit: number): Promise<readonly SealedTile[]>;

  /** Roots of full tiles from the first one on, one after the other. */
  roots(count: number): Promise<Uint8Array>;

  /** Index of the leaf of an event; null when it is not there. It looks through all ids, the last ones first. */
  find(id: Uint8Array): Promise<number | null>;

  addCheckpoint(checkpoint: Omit<KeptCheckpoint, "number">): Promise<KeptCheckpoint>;

  /** The newest first, before a number if one is given. */
  checkpoints(options: { readonly before?: number; readonly limit: number }): Promise<readonly KeptCheckpoint[]>;

  /** The newest of at least that size; null when there is none. */
  checkpointOver(size: number): Promise<KeptCheckpoint | null>;
}
