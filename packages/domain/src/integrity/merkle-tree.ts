/**
 * The Merkle tree of RFC 6962 section 2.1 (the same in RFC 9162 section 2.1): a leaf is SHA-256(0x00 || entry), a node
 * SHA-256(0x01 || left || right), and a tree of n entries splits at the largest power of two below n.
 */

/** SHA-256; text is hashed as UTF-8. The domain has no hash function of its own. */
export type Sha256 = (input: string | Uint8Array) => Uint8Array;

export const HASH_BYTES = 32;

/** Text must be well-formed: two that differ in lone surrogates only would be the same in UTF-8. */
export const leafHash = (sha256: Sha256, entry: string): Uint8Array => sha256(`\0${entry}`);

export const nodeHash = (sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array => {
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return sha256(input);
};

/** Root of the tree without entries. */
export const emptyRoot = (sha256: Sha256): Uint8Array => sha256("");

/**
 * All that is needed of a tree to go on growing it: the roots of the perfect subtrees that it is made of, from the
 * largest to the smallest, as the bits of its size say.
 */
export class Frontier {
  readonly #sha256: Sha256;
  #size = 0;
  readonly #subtrees: { readonly size: number; readonly root: Uint8Array }[] = [];

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** @param roots as `roots` gave them for that size */
  static of(sha256: Sha256, size: number, roots: Uint8Array): Frontier {
    const frontier = new Frontier(sha256);
    let bit = 1;
    while (bit * 2 <= size) bit *= 2;
    for (let index = 0, left = size; left > 0; bit /= 2) {
      if (left < bit) continue;
      frontier.#subtrees.push({ size: bit, root: new Uint8Array(leafAt(roots, index++)) });
      left -= bit;
    }
    frontier.#size = size;
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * @param root of a perfect subtree of `leaves` leaves, a power of two that divides the tree's size
   * @throws RangeError where such a subtree cannot follow
   */
  add(root: Uint8Array, leaves = 1): void {
    if (this.#size % leaves !== 0) throw new RangeError(`${leaves} leaves cannot follow ${this.#size} as one subtree`);
    let subtree = { size: leaves, root };
    for (let last = this.#subtrees.at(-1); last?.size === subtree.size; last = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      subtree = { size: last.size * 2, root: nodeHash(this.#sha256, last.root, subtree.root) };
    }
    this.#subtrees.push(subtree);
    this.#size += leaves;
  }

  root(): Uint8Array {
    const [last, ...larger] = this.#subtrees.toReversed();
    if (last === undefined) return emptyRoot(this.#sha256);
    return larger.reduce((right, { root }) => nodeHash(this.#sha256, root, right), last.root);
  }

  /** Of the perfect subtrees, one after the other: with the size, all that there is to keep. */
  roots(): Uint8Array {
    const roots = new Uint8Array(this.#subtrees.length * HASH_BYTES);
    for (const [index, { root }] of this.#subtrees.entries()) roots.set(root, index * HASH_BYTES);
    return roots;
  }
}

/** Leaf hashes one after the other, as tiles keep them. */
export const leafAt = (leaves: Uint8Array, index: number): Uint8Array =>
  leaves.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);

/** Root over leaf hashes that stand one after the other. */
export const rootOf = (sha256: Sha256, leaves: Uint8Array): Uint8Array => {
  let count = leaves.length / HASH_BYTES;
  if (count === 0) return emptyRoot(sha256);
  // Level by level in place; a node without a sibling goes up as it is, which is the split at a power of two.
  // Copied like this because `slice` of Node's Buffer does not.
  const level = new Uint8Array(leaves);
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = 1;
  while (count > 1) {
    const pairs = count >> 1;
    for (let pair = 0; pair < pairs; pair++) {
      input.set(level.subarray(pair * 2 * HASH_BYTES, (pair + 1) * 2 * HASH_BYTES), 1);
      level.set(sha256(input), pair * HASH_BYTES);
    }
    if (count % 2 === 1) level.copyWithin(pairs * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
    count = pairs + (count % 2);
  }
  return level.slice(0, HASH_BYTES);
};

export const sameHash = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
