/** `rootOf` for the leaves of a full tile, without a buffer for each node: there are as many nodes as events. */
import { hash } from "node:crypto";
import { HASH_BYTES, TILE_LEAVES } from "@sluice/domain";

/** What a node is hashed from: a one, and the two below it. */
const NODE_BYTES = 1 + 2 * HASH_BYTES;

const nodes = Buffer.alloc((TILE_LEAVES / 2) * NODE_BYTES);
for (let node = 0; node < TILE_LEAVES / 2; node++) nodes[node * NODE_BYTES] = 1;

/** Where the half of a node stands that is made of the place below it. */
const placeOf = (below: number): number => (below >> 1) * NODE_BYTES + 1 + (below & 1) * HASH_BYTES;

export const tileRoot = (leaves: Uint8Array): Buffer => {
  for (let leaf = 0; leaf < TILE_LEAVES; leaf++) {
    nodes.set(leaves.subarray(leaf * HASH_BYTES, (leaf + 1) * HASH_BYTES), placeOf(leaf));
  }
  const root = Buffer.allocUnsafe(HASH_BYTES);
  for (let count = TILE_LEAVES / 2; count >= 1; count /= 2) {
    for (let node = 0; node < count; node++) {
      const digest = hash("sha256", nodes.subarray(node * NODE_BYTES, (node + 1) * NODE_BYTES), "latin1");
      if (count === 1) root.write(digest, "latin1");
      else nodes.write(digest, placeOf(node), HASH_BYTES, "latin1");
    }
  }
  return root;
};
