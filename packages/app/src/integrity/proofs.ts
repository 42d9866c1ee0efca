/**
 * Proofs that one event is in the log. A proof has everything in it, so that whoever has the public key can check it
 * without a gateway, a database or a configuration.
 */
import type { RecordedEvent } from "@sluice/contracts";
import {
  BadNote,
  type EventStore,
  eventEntry,
  fromBase64,
  inclusionProof,
  leafHash,
  parseCheckpoint,
  rangeRoots,
  rootOfInclusion,
  type SealStore,
  type SignedCheckpoint,
  sameHash,
  signatureFault,
  TILE_LEAVES,
  tileOf,
  toBase64,
  type VerifierKey,
} from "@sluice/domain";
import { idBytes, leavesOf } from "./event-leaves.ts";
import { readEvents } from "./read-events.ts";
import { verifyEd25519 } from "./seal-key.ts";
import { sha256 } from "./sha256.ts";

export const PROOF_FORMAT = "sluice-event-proof/1";

export interface EventProof {
  readonly format: typeof PROOF_FORMAT;
  readonly event: RecordedEvent;
  /** Of the event among all of the log, from 0. */
  readonly index: number;
  /** Hashes from the leaf's sibling up to the root's, base64. */
  readonly path: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
}

export class NoProof extends Error {
  override readonly name = "NoProof";
}

/** Under the newest checkpoint, which must cover the event. @throws NoProof, EventStoreUnavailable */
export const proveEvent = async (id: string, store: EventStore, seals: SealStore): Promise<EventProof> => {
  const bytes = idBytes(id);
  const index = bytes.some((byte) => byte !== 0) ? await seals.find(bytes) : null;
  if (index === null) throw new NoProof(`no event ${id} is sealed`);
  const kept = await seals.checkpointOver(index + 1);
  if (kept === null) throw new NoProof(`no checkpoint covers event ${id} yet`);
  const { size } = parseCheckpoint(kept.note);
  const number = tileOf(index);
  const [tile, last] = [await tileAt(seals, number), await tileAt(seals, tileOf(size - 1))];
  const before = number === 0 ? null : (await tileAt(seals, number - 1)).lastPosition;
  const events = await readEvents(store, before, (index % TILE_LEAVES) + 1);
  const event = events[index % TILE_LEAVES];
  const sealed = tile.leaves.subarray((index % TILE_LEAVES) * 32, (index % TILE_LEAVES) * 32 + 32);
  if (event === undefined || !leavesOf([event]).equals(sealed)) {
    throw new NoProof(`event ${id} is not in the log as it was sealed; \`sluice verify\` says more`);
  }
  const roots = await seals.roots(tileOf(size));
  const leaves = (asked: number): Uint8Array => (asked === number ? tile : last).leaves;
  const path = inclusionProof(index, size, rangeRoots(sha256, { roots, leaves })).map(toBase64);
  return { format: PROOF_FORMAT, event, index, path, checkpoint: kept.note };
};

const tileAt = async (seals: SealStore, number: number) => {
  const [tile] = await seals.tiles(number, 1);
  if (tile?.number !== number) throw new NoProof(`tile ${number} is missing from the seals`);
  return tile;
};

export interface CheckedProof {
  readonly event: RecordedEvent;
  readonly index: number;
  readonly checkpoint: SignedCheckpoint;
}

/** @throws NoProof with the reason why it proves nothing */
export const checkProof = (proof: unknown, key: VerifierKey): CheckedProof => {
  const { event, index, path, checkpoint: note } = parsed(proof);
  try {
    const checkpoint = parseCheckpoint(note);
    const fault = signatureFault(checkpoint, key, verifyEd25519);
    if (fault !== null) throw new NoProof(`the checkpoint proves nothing: ${fault}`);
    const hashes = path.map((hash) => fromBase64(hash, "a hash of the path"));
    const root = rootOfInclusion(sha256, leafHash(sha256, eventEntry(event)), index, checkpoint.size, hashes);
    if (root !== null && sameHash(root, checkpoint.root)) return { event, index, checkpoint };
    throw new NoProof("event, index and path do not give the checkpoint's root: one of them was altered");
  } catch (error) {
    if (error instanceof BadNote) throw new NoProof(error.message, { cause: error });
    throw error;
  }
};

const isText = (value: unknown): value is string => typeof value === "string";

const parsed = (proof: unknown): EventProof => {
  const { format, event, index, path, checkpoint } = (proof ?? {}) as Partial<EventProof>;
  if (format !== PROOF_FORMAT) throw new NoProof(`not a proof: its format is not ${PROOF_FORMAT}`);
  const { id, stream, type, recordedAt, version, schemaVersion, data, metadata } = (event ?? {}) as RecordedEvent;
  const isEvent =
    [id, stream, type, recordedAt].every(isText) &&
    [version, schemaVersion].every(Number.isSafeInteger) &&
    [data, metadata].every((part) => typeof part === "object" && part !== null && !Array.isArray(part));
  const isPath = Array.isArray(path) && path.length < 64 && path.every(isText);
  if (!isEvent || !Number.isSafeInteger(index) || !isPath || !isText(checkpoint)) {
    throw new NoProof("not a proof: it lacks the event, its index, the path or the checkpoint");
  }
  return proof as EventProof;
};
