/**
 * The tree over tiles of 256 leaves (as https://c2sp.org/tlog-tiles has them): what is kept of it are the leaf hashes,
 * tile by tile, and the root of each full tile. Everything else is computed.
 */
import { HASH_BYTES, nodeHash, rootOf, type Sha256 } from "./merkle-tree.ts";
import type { RangeRoot } from "./tree-proofs.ts";

export const TILE_LEAVES = 256;

export const tileOf = (leaf: number): number => Math.floor(leaf / TILE_LEAVES);

const slice = (hashes: Uint8Array, first: number, end: number): Uint8Array =>
  hashes.subarray(first * HASH_BYTES, end * HASH_BYTES);

export interface Tiles {
  /** Roots of the full tiles, one after the other. */
  readonly roots: Uint8Array;
  /** Leaf hashes of a tile, those it has. Asked only for tiles that a range does not cover as a whole. */
  leaves(tile: number): Uint8Array;
}

/** Roots over any leaves that the tiles have. */
export const rangeRoots = (sha256: Sha256, { roots, leaves }: Tiles): RangeRoot => {
  const rangeRoot: RangeRoot = (first, end) => {
    if (first % TILE_LEAVES === 0 && end % TILE_LEAVES === 0) {
      return rootOf(sha256, slice(roots, tileOf(first), tileOf(end)));
    }
    const tile = tileOf(first);
    const start = tile * TILE_LEAVES;
    if (end <= start + TILE_LEAVES) return rootOf(sha256, slice(leaves(tile), first - start, end - start));
    let left = TILE_LEAVES;
    while (left * 2 < end - first) left *= 2;
    return nodeHash(sha256, rangeRoot(first, first + left), rangeRoot(first + left, end));
  };
  return rangeRoot;
};
