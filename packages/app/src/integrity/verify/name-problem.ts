/** From a difference between what was sealed and what is there to the event that it is about. */
import type { RecordedEvent } from "@sluice/contracts";
import { type Difference, leafAt, type SealedLeaf, type SealedTile, TILE_LEAVES } from "@sluice/domain";
import { idAt, leavesOf } from "../event-leaves.ts";
import { leafCount } from "../tree-root.ts";
import type { Problem } from "./problem.ts";

const hashAt = (leaves: Uint8Array, place: number): string => Buffer.from(leafAt(leaves, place)).toString("latin1");

export const sealedLeaves = (tiles: readonly SealedTile[]): readonly SealedLeaf[] =>
  tiles.flatMap((tile) =>
    Array.from({ length: leafCount(tile) }, (_, place) => ({
      hash: hashAt(tile.leaves, place),
      id: idAt(tile.ids, place),
    })),
  );

export const foundLeaves = (events: readonly RecordedEvent[]): readonly SealedLeaf[] => {
  const leaves = leavesOf(events);
  return events.map((event, place) => ({ hash: hashAt(leaves, place), id: event.id.toLowerCase() }));
};

export interface Place {
  /** From the tile on in which the stretch begins. */
  readonly tiles: readonly SealedTile[];
  /** What stands there now. */
  readonly events: readonly RecordedEvent[];
  /** Positions are consecutive integers. */
  readonly gapless: boolean;
}

const MESSAGES = {
  altered: "the event is not as it was sealed",
  missing: "the event is missing",
  inserted: "the event was inserted",
  moved: "the event stands in another place than the one in which it was sealed",
  replaced: "another event stands in the place of the one that was sealed",
} as const;

export const nameProblem = ({ kind, index }: Difference, place: Place): Problem => {
  const { tiles, events } = place;
  const tile = tiles[Math.floor(index / TILE_LEAVES)];
  const sealedId = tile === undefined ? null : idAt(tile.ids, index % TILE_LEAVES);
  const event = events[index];
  const leaf = (tiles[0]?.number ?? 0) * TILE_LEAVES + index;
  if (kind === "missing" || event === undefined) {
    const gap = gapIn(events, index);
    return {
      kind: "missing",
      leaf,
      position: positionOf(index, place),
      stream: gap?.stream ?? null,
      version: gap?.version ?? null,
      id: sealedId,
      foundId: null,
      message: MESSAGES.missing,
    };
  }
  const { position, stream, version, id } = event;
  const isItself = kind === "inserted" || id === sealedId;
  return {
    kind,
    leaf,
    position,
    stream,
    version,
    id: kind === "inserted" ? id : sealedId,
    foundId: isItself ? null : id,
    message: MESSAGES[kind],
  };
};

/** Where the event stood, as far as the store's positions tell. */
export const positionOf = (index: number, { tiles, gapless }: Place): string | null => {
  const tile = tiles[Math.floor(index / TILE_LEAVES)];
  return gapless && tile !== undefined ? `${Number(tile.firstPosition) + (index % TILE_LEAVES)}` : null;
};

/** Versions of a stream have no gaps: one that has one from here on is the stream of what is missing here. */
const gapIn = (
  events: readonly RecordedEvent[],
  index: number,
): { readonly stream: string; readonly version: number } | null => {
  const versions = new Map<string, number>();
  for (const { stream, version } of events.slice(0, index)) versions.set(stream, version);
  for (const { stream, version } of events.slice(index)) {
    const last = versions.get(stream);
    if (last !== undefined && version > last + 1) return { stream, version: last + 1 };
    versions.set(stream, version);
  }
  return null;
};
