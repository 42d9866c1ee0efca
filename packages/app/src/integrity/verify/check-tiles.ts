/**
 * Reads a run of tiles' events from the log and holds them against what was sealed. It begins where a tile does, by
 * the position that the seals have for it, so that runs can be checked at the same time and a change in one tile says
 * nothing of the others.
 */
import type { RecordedEvent } from "@sluice/contracts";
import {
  type EventStore,
  findDifference,
  HASH_BYTES,
  type SealedTile,
  type SealStore,
  TILE_LEAVES,
} from "@sluice/domain";
import { readLeaves } from "../entries.ts";
import { idAt, leavesOf } from "../event-leaves.ts";
import { readEvents, UnreadableEvent } from "../read-events.ts";
import { tileRoot } from "../tile-root.ts";
import { leafCount } from "../tree-root.ts";
import { foundLeaves, nameProblem, positionOf, sealedLeaves } from "./name-problem.ts";
import type { Problem } from "./problem.ts";

export interface TileRun {
  /** Number of the first tile, and of the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Leaves of the tree; of those that were added since it was looked at nothing is said. */
  readonly size: number;
}

export interface CheckedRun {
  readonly events: number;
  readonly problem: Problem | null;
}

export interface CheckDependencies {
  readonly store: EventStore;
  readonly seals: SealStore;
  /** Events looked at since the last time. */
  readonly onProgress: (events: number) => void;
}

/** Tiles that are read at a time. */
const CHUNK = 16;
/** Tiles beyond a difference that are looked at to say of what kind it is. */
const AROUND = 16;

export const checkTiles = async ({ first, end, size }: TileRun, deps: CheckDependencies): Promise<CheckedRun> => {
  const { seals, onProgress } = deps;
  const [before] = first === 0 ? [] : await seals.tiles(first - 1, 1);
  let after = before?.lastPosition ?? null;
  let events = 0;
  for (let number = first; number < end; number += CHUNK) {
    // One more, since where a tile ends the next one must begin.
    const tiles = (await seals.tiles(number, Math.min(CHUNK, end - number) + 1)).flatMap((tile) => within(tile, size));
    const next = tiles.length > Math.min(CHUNK, end - number) ? (tiles.pop() as SealedTile) : null;
    const problem = await checkChunk({ number, tiles, next, after, size }, deps);
    const count = tiles.reduce((sum, tile) => sum + leafCount(tile), 0);
    events += count;
    onProgress(count);
    if (problem !== null) return { events, problem };
    after = tiles.at(-1)?.lastPosition ?? after;
  }
  return { events, problem: null };
};

/** What of a tile belongs to a tree of that size. */
const within = (tile: SealedTile, size: number): readonly SealedTile[] => {
  const count = Math.min(leafCount(tile), size - tile.number * TILE_LEAVES);
  if (count <= 0) return [];
  if (count === leafCount(tile)) return [tile];
  const { leaves, ids } = tile;
  return [{ ...tile, root: null, leaves: leaves.subarray(0, count * HASH_BYTES), ids: ids.subarray(0, count * 16) }];
};

interface Chunk {
  readonly number: number;
  readonly tiles: readonly SealedTile[];
  readonly next: SealedTile | null;
  readonly after: string | null;
  readonly size: number;
}

const checkChunk = async (chunk: Chunk, deps: CheckDependencies): Promise<Problem | null> => {
  const { number, tiles, next, after } = chunk;
  const broken = tiles.findIndex((tile, index) => isBroken(tile, number + index, chunk.size));
  if (broken >= 0 || tiles.length === 0) return brokenSeals((number + Math.max(broken, 0)) * TILE_LEAVES);
  if (await isUnchanged(chunk, deps.store)) return null;
  const count = tiles.reduce((sum, tile) => sum + leafCount(tile), 0);
  const { events, unreadable } = await readUpTo(deps.store, after, count + 1);
  const leaves = leavesOf(events.slice(0, count));
  const sealed = Buffer.concat(tiles.map((tile) => tile.leaves));
  if (leaves.equals(sealed)) return next === null ? null : hiddenEvent(events[count], next, tiles, deps.store);
  const equal = leaves.length < sealed.length && leaves.equals(sealed.subarray(0, leaves.length));
  const place = { tiles, events, gapless: deps.store.capabilities.gaplessPositions };
  if (equal && unreadable !== null) return unreadableEvent(events.length, place, unreadable);
  return difference(chunk, count, deps);
};

/**
 * Whether the log has these tiles' events, and after them the one that the next tile begins with. Also false where only
 * the events themselves can tell: then they are read.
 */
const isUnchanged = async ({ tiles, next, after }: Chunk, store: EventStore): Promise<boolean> => {
  const sealed = tiles.map((tile) => tile.leaves);
  if (next !== null) sealed.push(next.leaves.subarray(0, HASH_BYTES));
  const all = Buffer.concat(sealed);
  return (await readLeaves(store, after, all.length / HASH_BYTES))?.equals(all) ?? false;
};

const isBroken = (tile: SealedTile, number: number, size: number): boolean => {
  const isLast = (number + 1) * TILE_LEAVES > size;
  const count = isLast ? size - number * TILE_LEAVES : TILE_LEAVES;
  if (tile.number !== number || tile.leaves.length !== count * HASH_BYTES) return true;
  if (isLast) return false;
  return tile.root === null || !tileRoot(tile.leaves).equals(tile.root);
};

const brokenSeals = (leaf: number): Problem => ({
  kind: "seals",
  leaf,
  position: null,
  stream: null,
  version: null,
  id: null,
  foundId: null,
  message: `what is kept of the tree was changed: the tile of leaf ${leaf} does not fit its own root`,
});

interface ReadResult {
  readonly events: readonly RecordedEvent[];
  /** Why there are not more; null when the log ended, or there are as many as were asked for. */
  readonly unreadable: string | null;
}

const readUpTo = async (store: EventStore, after: string | null, count: number): Promise<ReadResult> => {
  try {
    return { events: await readEvents(store, after, count), unreadable: null };
  } catch (error) {
    if (error instanceof UnreadableEvent) return { events: error.before, unreadable: error.message };
    throw error;
  }
};

const unreadableEvent = (index: number, place: Parameters<typeof positionOf>[1], reason: string): Problem => {
  const tile = place.tiles[Math.floor(index / TILE_LEAVES)] as SealedTile;
  return {
    kind: "unreadable",
    leaf: (place.tiles[0] as SealedTile).number * TILE_LEAVES + index,
    position: positionOf(index, place),
    stream: null,
    version: null,
    id: idAt(tile.ids, index % TILE_LEAVES),
    foundId: null,
    message: `the event cannot be read: ${reason}`,
  };
};

/**
 * An event that follows the last one of a tile, and is not there for a reader who starts after that one: a row that
 * holds more events than its place has room for.
 */
const hiddenEvent = async (
  following: RecordedEvent | undefined,
  next: SealedTile,
  tiles: readonly SealedTile[],
  store: EventStore,
): Promise<Problem | null> => {
  const first = next.leaves.subarray(0, HASH_BYTES);
  if (following === undefined || leavesOf([following]).equals(first)) return null;
  const { events } = await readUpTo(store, (tiles.at(-1) as SealedTile).lastPosition, 1);
  // Else the tile itself has changed, which is found in its turn.
  if (!leavesOf(events).equals(first)) return null;
  return nameProblem({ kind: "inserted", index: 0 }, { tiles: [next], events: [following], gapless: false });
};

/** With what comes after it, to tell what is gone from what stands elsewhere. */
const difference = async (chunk: Chunk, count: number, { store, seals }: CheckDependencies): Promise<Problem> => {
  const { number, tiles, after, size } = chunk;
  const around = await seals.tiles(number + tiles.length, AROUND);
  const all = [...tiles, ...around.flatMap((tile) => within(tile, size))];
  const { events, unreadable } = await readUpTo(store, after, count + AROUND * TILE_LEAVES);
  const found = findDifference(sealedLeaves(all), foundLeaves(events), count);
  const place = { tiles: all, events, gapless: store.capabilities.gaplessPositions };
  // It was there a moment ago: whoever changed it has changed it back.
  if (found === null) return brokenSeals(number * TILE_LEAVES);
  if (found.index === events.length && unreadable !== null) return unreadableEvent(found.index, place, unreadable);
  return nameProblem(found, place);
};
