/** The tree against RFC 6962's own definition, written down naively, and against Certificate Transparency's test vectors. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import {
  consistencyProof,
  Frontier,
  inclusionProof,
  isConsistent,
  leafHash,
  type RangeRoot,
  rangeRoots,
  rootOf,
  rootOfInclusion,
  TILE_LEAVES,
} from "@sluice/domain";
import fc from "fast-check";

const sha256 = (input: string | Uint8Array): Uint8Array => createHash("sha256").update(input).digest();
const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString("hex");

/** Section 2.1, word for word. */
const mth = (entries: readonly Uint8Array[]): Uint8Array => {
  if (entries.length === 0) return sha256("");
  if (entries.length === 1) return sha256(Buffer.concat([Uint8Array.of(0), entries[0] as Uint8Array]));
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha256(Buffer.concat([Uint8Array.of(1), mth(entries.slice(0, k)), mth(entries.slice(k))]));
};

/** Entries and roots of Certificate Transparency's reference tests (google/certificate-transparency, merkle_tree_test). */
const VECTORS = [
  ["", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
  ["00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
  ["10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"],
  ["2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
  ["3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"],
  ["40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"],
  ["5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"],
  ["606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
] as const;

/** Bytes below 0x80 are their own UTF-8. */
const textOf = (entry: string): string => Buffer.from(entry, "hex").toString("latin1");

const leavesOf = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => leafHash(sha256, `entry ${index}`));
const naive =
  (leaves: readonly Uint8Array[]): RangeRoot =>
  (first, end) => {
    const root = (from: number, to: number): Uint8Array => {
      if (to - from === 1) return leaves[from] as Uint8Array;
      let k = 1;
      while (k * 2 < to - from) k *= 2;
      return sha256(Buffer.concat([Uint8Array.of(1), root(from, from + k), root(from + k, to)]));
    };
    return root(first, end);
  };
const changed = (hash: Uint8Array): Uint8Array =>
  Uint8Array.from(hash, (byte, index) => (index === 7 ? byte ^ 1 : byte));

describe("Merkle tree", () => {
  it("has the roots of Certificate Transparency's test vectors", () => {
    assert.equal(hex(new Frontier(sha256).root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const frontier = new Frontier(sha256);
    for (const [index, [entry, root]] of VECTORS.entries()) {
      frontier.add(leafHash(sha256, textOf(entry)));
      assert.equal(hex(frontier.root()), root);
      const entries = VECTORS.slice(0, index + 1).map(([text]) => Buffer.from(text, "hex"));
      assert.equal(hex(mth(entries)), root);
      assert.equal(
        hex(rootOf(sha256, Buffer.concat(entries.map((e) => leafHash(sha256, e.toString("latin1")))))),
        root,
      );
    }
  });

  it("has the inclusion and consistency proofs of the test vectors", () => {
    const leaves = VECTORS.map(([entry]) => leafHash(sha256, textOf(entry)));
    assert.deepEqual(inclusionProof(5, 8, naive(leaves)).map(hex), [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert.deepEqual(consistencyProof(6, 8, naive(leaves)).map(hex), [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
  });

  it("grows to the same root whole, leaf by leaf, by subtrees, and after it was put away", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 9 }), (count, level) => {
        const leaves = leavesOf(count);
        const entries = leaves.map((_, index) => Buffer.from(`entry ${index}`));
        const root = hex(mth(entries));
        assert.equal(hex(rootOf(sha256, Buffer.concat(leaves))), root);
        const width = 2 ** level;
        let frontier = new Frontier(sha256);
        const whole = Math.floor(count / width) * width;
        for (let first = 0; first < whole; first += width) {
          frontier.add(rootOf(sha256, Buffer.concat(leaves.slice(first, first + width))), width);
          frontier = Frontier.of(sha256, frontier.size, frontier.roots());
        }
        for (const leaf of leaves.slice(whole)) frontier.add(leaf);
        assert.equal(hex(frontier.root()), root);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses a subtree that does not stand where one can", () => {
    const frontier = new Frontier(sha256);
    frontier.add(sha256("leaf"));
    assert.throws(() => frontier.add(sha256("subtree"), 2), RangeError);
  });

  it("proves that a leaf is in it, and nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (size, at, wrong) => {
        const leaves = leavesOf(size);
        const root = hex(naive(leaves)(0, size));
        const index = at % size;
        const leaf = leaves[index] as Uint8Array;
        const proof = inclusionProof(index, size, naive(leaves));
        assert.equal(hex(rootOfInclusion(sha256, leaf, index, size, proof)), root);
        const other = wrong % size;
        if (other !== index) assert.notEqual(hex(rootOfInclusion(sha256, leaf, other, size, proof)), root);
        assert.notEqual(hex(rootOfInclusion(sha256, changed(leaf), index, size, proof)), root);
        assert.equal(rootOfInclusion(sha256, leaf, size, size, proof), null);
        assert.notEqual(hex(rootOfInclusion(sha256, leaf, index, size, [...proof, leaf])), root);
        if (proof.length > 0) {
          const part = wrong % proof.length;
          const bent = proof.map((hash, place) => (place === part ? changed(hash) : hash));
          assert.notEqual(hex(rootOfInclusion(sha256, leaf, index, size, bent)), root);
          assert.notEqual(hex(rootOfInclusion(sha256, leaf, index, size, proof.slice(1))), root);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("proves that it is the beginning of a larger one, and nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (size, of, wrong) => {
        const leaves = leavesOf(size);
        const rangeRoot = naive(leaves);
        const older = { size: (of % size) + 1, root: rangeRoot(0, (of % size) + 1) };
        const newer = { size, root: rangeRoot(0, size) };
        const proof = consistencyProof(older.size, size, rangeRoot);
        assert.ok(isConsistent(sha256, older, newer, proof));
        assert.ok(!isConsistent(sha256, { ...older, root: changed(older.root) }, newer, proof));
        assert.ok(!isConsistent(sha256, older, { ...newer, root: changed(newer.root) }, proof));
        assert.ok(!isConsistent(sha256, older, newer, [...proof, newer.root]));
        if (proof.length > 0) {
          const part = wrong % proof.length;
          assert.ok(
            !isConsistent(
              sha256,
              older,
              newer,
              proof.map((h, place) => (place === part ? changed(h) : h)),
            ),
          );
          assert.ok(!isConsistent(sha256, older, newer, proof.slice(1)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("gives the same roots of any range from tiles", () => {
    const size = TILE_LEAVES * 5 + 77;
    const leaves = leavesOf(size);
    const tile = (number: number) => Buffer.concat(leaves.slice(number * TILE_LEAVES, (number + 1) * TILE_LEAVES));
    const roots = Buffer.concat([0, 1, 2, 3, 4].map((number) => rootOf(sha256, tile(number))));
    const fromTiles = rangeRoots(sha256, { roots, leaves: tile });
    const root = hex(naive(leaves)(0, size));
    fc.assert(
      fc.property(fc.nat(size - 1), (index) => {
        const proof = inclusionProof(index, size, fromTiles);
        assert.equal(hex(rootOfInclusion(sha256, leaves[index] as Uint8Array, index, size, proof)), root);
      }),
      { numRuns: 100 },
    );
  });
});
