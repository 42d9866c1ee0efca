/** Evidence of tampering: the Merkle tree over the log, its proofs and its checkpoints. */

export { CANNOT_TELL, CanonicalBytes, numberEnd, textEnd } from "./canonical-bytes.ts";
export {
  BadNote,
  type Checkpoint,
  checkpointText,
  formatNote,
  formatVerifierKey,
  fromBase64,
  keyIdOf,
  type NoteSignature,
  parseCheckpoint,
  parseVerifierKey,
  type SignedCheckpoint,
  signatureFault,
  toBase64,
  type VerifierKey,
  type VerifySignature,
} from "./checkpoint.ts";
export { type Difference, type DifferenceKind, findDifference, type SealedLeaf } from "./difference.ts";
export { type EntryEnvelope, type EntryParts, EntryWriter, ID_BYTES } from "./entry-writer.ts";
export { eventEntry } from "./event-leaf.ts";
export {
  emptyRoot,
  Frontier,
  HASH_BYTES,
  leafAt,
  leafHash,
  nodeHash,
  rootOf,
  type Sha256,
  sameHash,
} from "./merkle-tree.ts";
export { rangeRoots, TILE_LEAVES, type Tiles, tileOf } from "./tile-tree.ts";
export {
  consistencyProof,
  inclusionProof,
  isConsistent,
  type RangeRoot,
  rootOfInclusion,
  type TreeHead,
} from "./tree-proofs.ts";
