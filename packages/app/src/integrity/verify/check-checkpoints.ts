/** Checkpoints against the tree: whether they are signed by the right key, and whether the tree's beginning gives their root. */
import {
  type EventStore,
  Frontier,
  HASH_BYTES,
  leafAt,
  parseCheckpoint,
  type SealHead,
  type SealStore,
  type SignedCheckpoint,
  sameHash,
  signatureFault,
  TILE_LEAVES,
  type VerifierKey,
} from "@sluice/domain";
import { leavesOf } from "../event-leaves.ts";
import { readEvents } from "../read-events.ts";
import { verifyEd25519 } from "../seal-key.ts";
import { sha256 } from "../sha256.ts";

export interface GivenCheckpoint {
  /** Where it comes from, for people. */
  readonly source: string;
  readonly note: string;
}

export type KeyOf = (origin: string) => VerifierKey | undefined;

export interface CheckedCheckpoint {
  readonly source: string;
  readonly origin: string;
  readonly size: number;
  readonly time: string | null;
  /** Why it does not hold; null when it does. */
  readonly fault: string | null;
}

export interface ParsedCheckpoint {
  readonly source: string;
  readonly checkpoint: SignedCheckpoint;
}

/** @throws BadNote with the source */
export const parseGiven = ({ source, note }: GivenCheckpoint): ParsedCheckpoint => ({
  source,
  checkpoint: parseCheckpoint(note),
});

/** Roots of the tree's first leaves at each of these sizes; a size that it does not have is left out. */
export const rootsAt = async (
  sizes: readonly number[],
  leaves: AsyncIterable<Uint8Array>,
): Promise<ReadonlyMap<number, Uint8Array>> => {
  const wanted = [...new Set(sizes)].sort((a, b) => b - a);
  const roots = new Map<number, Uint8Array>();
  const tree = new Frontier(sha256);
  const note = (): void => {
    while (wanted.at(-1) === tree.size) roots.set(wanted.pop() as number, tree.root());
  };
  note();
  for await (const some of leaves) {
    for (let place = 0; place < some.length / HASH_BYTES; place++) {
      tree.add(leafAt(some, place));
      if (wanted.at(-1) === tree.size) note();
    }
    if (wanted.length === 0) break;
  }
  return roots;
};

const EVENTS = 4_096;

/** Leaf hashes of the log after a position, as it is now. @throws UnreadableEvent */
export async function* leavesOfLog(
  store: EventStore,
  after: string | null,
  onProgress: (events: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  for (let position = after; ; ) {
    const events = await readEvents(store, position, EVENTS);
    if (events.length === 0) return;
    onProgress(events.length);
    yield leavesOf(events);
    position = (events.at(-1) as { position: string }).position;
  }
}

/** Roots at these sizes from what is sealed, and from what the log has after that. */
export const rootsOfSeals = async (
  sizes: readonly number[],
  { seals, store, head, roots }: { seals: SealStore; store: EventStore; head: SealHead; roots: Uint8Array },
): Promise<ReadonlyMap<number, Uint8Array>> => {
  const found = new Map<number, Uint8Array>();
  const tree = new Frontier(sha256);
  for (const size of [...new Set(sizes)].sort((a, b) => a - b)) {
    if (size > head.size) break;
    const full = Math.floor(size / TILE_LEAVES);
    while (tree.size < full * TILE_LEAVES) tree.add(leafAt(roots, tree.size / TILE_LEAVES), TILE_LEAVES);
    const rest = Frontier.of(sha256, tree.size, tree.roots());
    const [tile] = size % TILE_LEAVES === 0 ? [] : await seals.tiles(full, 1);
    for (let place = 0; place < size % TILE_LEAVES; place++) {
      if (tile !== undefined && tile.leaves.length > place * HASH_BYTES) rest.add(leafAt(tile.leaves, place));
    }
    if (rest.size === size) found.set(size, rest.root());
  }
  const later = sizes.filter((size) => size > head.size);
  if (later.length === 0) return found;
  const tail = head.size % TILE_LEAVES === 0 ? new Uint8Array() : (head.tail?.leaves ?? new Uint8Array());
  const whole = Frontier.of(sha256, head.size - (head.size % TILE_LEAVES), head.frontier);
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield tail;
    yield* leavesOfLog(store, head.position);
  }
  for await (const leaves of rest()) {
    for (let place = 0; place < leaves.length / HASH_BYTES; place++) {
      whole.add(leafAt(leaves, place));
      if (later.includes(whole.size)) found.set(whole.size, whole.root());
    }
    if (whole.size >= Math.max(...later)) break;
  }
  return found;
};

export const checkCheckpoint = (
  { source, checkpoint }: ParsedCheckpoint,
  keyOf: KeyOf,
  roots: ReadonlyMap<number, Uint8Array>,
): CheckedCheckpoint => {
  const { origin, size, time, root } = checkpoint;
  const key = keyOf(origin);
  const actual = roots.get(size);
  let fault: string | null;
  if (key === undefined) fault = `there is no key of ${origin} to check its signature with`;
  else fault = signatureFault(checkpoint, key, verifyEd25519);
  if (fault === null && actual === undefined)
    fault = `it covers ${size} events, and the log has fewer: its end was cut off`;
  if (fault === null && actual !== undefined && !sameHash(actual, root)) {
    fault = `the first ${size} events of the log are not those that it covers`;
  }
  return { source, origin, size, time, fault };
};
