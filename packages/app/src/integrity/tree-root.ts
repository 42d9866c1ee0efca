/** Roots of the tree as the seals have it. */
import {
  Frontier,
  HASH_BYTES,
  leafAt,
  type SealedTile,
  type SealHead,
  type SealStore,
  TILE_LEAVES,
} from "@sluice/domain";
import { sha256 } from "./sha256.ts";

/** The full tiles of a tree, as a tree that can grow. */
export const fullTiles = ({ size, frontier }: Pick<SealHead, "size" | "frontier">): Frontier =>
  Frontier.of(sha256, size - (size % TILE_LEAVES), frontier);

const withLeaves = (tree: Frontier, leaves: Uint8Array, count: number): Frontier => {
  for (let place = 0; place < count; place++) tree.add(leafAt(leaves, place));
  return tree;
};

export const rootOfHead = (head: SealHead): Uint8Array =>
  withLeaves(fullTiles(head), head.tail?.leaves ?? new Uint8Array(), head.size % TILE_LEAVES).root();

/**
 * Root of the first `size` leaves.
 * @param roots of the full tiles, one after the other
 */
export const rootAt = async (seals: SealStore, roots: Uint8Array, size: number): Promise<Uint8Array> => {
  const tree = new Frontier(sha256);
  const full = Math.floor(size / TILE_LEAVES);
  if (roots.length < full * HASH_BYTES) throw new RangeError(`the seals have no ${full} full tiles`);
  for (let tile = 0; tile < full; tile++) tree.add(leafAt(roots, tile), TILE_LEAVES);
  const rest = size % TILE_LEAVES;
  if (rest === 0) return tree.root();
  const [last] = await seals.tiles(full, 1);
  if (last === undefined || leafCount(last) < rest) throw new RangeError(`the seals have no ${size} leaves`);
  return withLeaves(tree, last.leaves, rest).root();
};

export const leafCount = ({ leaves }: Pick<SealedTile, "leaves">): number => leaves.length / HASH_BYTES;
