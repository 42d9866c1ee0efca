/**
 * Inclusion and consistency proofs: made after RFC 6962 section 2.1.1 and 2.1.2, checked by the algorithms of RFC 9162
 * section 2.1.3.2 and 2.1.4.2.
 */
import { emptyRoot, nodeHash, type Sha256, sameHash } from "./merkle-tree.ts";

/** Root over the leaves from `first` on, `end` exclusive. */
export type RangeRoot = (first: number, end: number) => Uint8Array;

/** The largest power of two below n, which is 2 at least. */
const splitOf = (n: number): number => {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
};

/** Siblings on the way from the leaf to the root, the leaf's first. @throws RangeError when there is no such leaf */
export const inclusionProof = (index: number, size: number, rangeRoot: RangeRoot): readonly Uint8Array[] => {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) {
    throw new RangeError(`a tree of ${size} has no leaf ${index}`);
  }
  const path: Uint8Array[] = [];
  let [first, end] = [0, size];
  while (end - first > 1) {
    const middle = first + splitOf(end - first);
    if (index < middle) {
      path.push(rangeRoot(middle, end));
      end = middle;
    } else {
      path.push(rangeRoot(first, middle));
      first = middle;
    }
  }
  return path.reverse();
};

/** The root that a leaf and its proof come to; null where the proof is not one for this index and size. */
export const rootOfInclusion = (
  sha256: Sha256,
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | null => {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return null;
  let [node, last] = [BigInt(index), BigInt(size - 1)];
  let root = leaf;
  for (const sibling of proof) {
    if (last === 0n) return null;
    if ((node & 1n) === 1n || node === last) {
      root = nodeHash(sha256, sibling, root);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      root = nodeHash(sha256, root, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? root : null;
};

/** That the tree of `older` leaves is the beginning of the one of `size`. @throws RangeError unless older is 1 to size */
export const consistencyProof = (older: number, size: number, rangeRoot: RangeRoot): readonly Uint8Array[] => {
  if (!(Number.isSafeInteger(older) && older >= 1 && older <= size)) {
    throw new RangeError(`no tree of ${older} leaves is the beginning of one of ${size}`);
  }
  const path: Uint8Array[] = [];
  let [first, end] = [0, size];
  while (older < end) {
    const middle = first + splitOf(end - first);
    if (older <= middle) {
      path.push(rangeRoot(middle, end));
      end = middle;
    } else {
      path.push(rangeRoot(first, middle));
      first = middle;
    }
  }
  // The subtree that ends where the older tree does; where it is all of that, its root is known.
  if (first > 0) path.push(rangeRoot(first, end));
  return path.reverse();
};

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

export const isConsistent = (
  sha256: Sha256,
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Uint8Array[],
): boolean => {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && sameHash(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && sameHash(older.root, emptyRoot(sha256));
  const isPowerOfTwo = Number.isInteger(Math.log2(older.size));
  const [start, ...rest] = isPowerOfTwo ? [older.root, ...proof] : proof;
  if (start === undefined) return false;
  let [node, last] = [BigInt(older.size - 1), BigInt(newer.size - 1)];
  while ((node & 1n) === 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  let [olderRoot, newerRoot] = [start, start];
  for (const sibling of rest) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      olderRoot = nodeHash(sha256, sibling, olderRoot);
      newerRoot = nodeHash(sha256, sibling, newerRoot);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      newerRoot = nodeHash(sha256, newerRoot, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && sameHash(olderRoot, older.root) && sameHash(newerRoot, newer.root);
};
