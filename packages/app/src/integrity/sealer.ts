/**
 * Follows the log and seals it: every event becomes a leaf of the Merkle tree. It works off the commit path, after the
 * event is committed and acknowledged, so that ingest pays for nothing but the processor's time.
 *
 * It goes on only from a place that it knows: before the first page, and after every failure, the events of the last
 * tile are read from the log again. Where they are not those that were sealed, nothing more is sealed and the sink
 * says so; else a log that was exchanged would be sealed as if it were the one before.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  type EntryPage,
  type EventStore,
  type Frontier,
  HASH_BYTES,
  ID_BYTES,
  type SealedTile,
  type SealHead,
  type SealStore,
  type SubscribeOptions,
  TILE_LEAVES,
} from "@sluice/domain";
import type { EntrySinkTask } from "../sinks/sink.ts";
import { entryPages, leavesOfPage } from "./entries.ts";
import { leavesOf } from "./event-leaves.ts";
import { readEvents } from "./read-events.ts";
import { tileRoot } from "./tile-root.ts";
import { fullTiles, leafCount } from "./tree-root.ts";

export const SEALER = "sealer";

/** Milliseconds of processor time that this thread has had: while it waits for a core it does not work. */
const worked = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

export class NotTheSealedLog extends Error {
  override readonly name = "NotTheSealedLog";
}

export interface SealerDependencies {
  readonly store: EventStore;
  readonly seals: SealStore;
  /** Milliseconds; `setTimeout` when absent. */
  readonly rest?: (milliseconds: number) => Promise<void>;
}

/** A tile that is being filled. */
class OpenTile {
  readonly number: number;
  readonly #leaves = Buffer.alloc(TILE_LEAVES * HASH_BYTES);
  readonly #ids = Buffer.alloc(TILE_LEAVES * ID_BYTES);
  #count = 0;
  #firstPosition = "";
  #lastPosition = "";

  constructor(number: number, tail: SealedTile | null = null) {
    this.number = number;
    if (tail === null) return;
    this.#count = leafCount(tail);
    this.#leaves.set(tail.leaves);
    this.#ids.set(tail.ids);
    this.#firstPosition = tail.firstPosition;
    this.#lastPosition = tail.lastPosition;
  }

  get isFull(): boolean {
    return this.#count === TILE_LEAVES;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Takes as many of a page's events as it has room for; returns which is the next one. */
  add(page: EntryPage, leaves: Uint8Array, from: number): number {
    const end = Math.min(page.ends.length, from + TILE_LEAVES - this.#count);
    this.#leaves.set(leaves.subarray(from * HASH_BYTES, end * HASH_BYTES), this.#count * HASH_BYTES);
    this.#ids.set(page.ids.subarray(from * ID_BYTES, end * ID_BYTES), this.#count * ID_BYTES);
    if (this.#count === 0) this.#firstPosition = page.positionAt(from);
    this.#lastPosition = page.positionAt(end - 1);
    this.#count += end - from;
    return end;
  }

  sealed(): SealedTile {
    const leaves = this.#leaves.subarray(0, this.#count * HASH_BYTES);
    return {
      number: this.number,
      firstPosition: this.#firstPosition,
      lastPosition: this.#lastPosition,
      leaves,
      ids: this.#ids.subarray(0, this.#count * ID_BYTES),
      root: this.isFull ? tileRoot(leaves) : null,
    };
  }
}

export class Sealer implements EntrySinkTask {
  readonly name = SEALER;
  readonly #deps: SealerDependencies;
  #head: Pick<SealHead, "size" | "position"> = { size: 0, position: null };
  #tree: Frontier | null = null;
  #tile = new OpenTile(0);
  /** Of the log, when the last page had been sealed. */
  #lastHead: string | null = null;
  #workedBefore = worked();

  constructor(dependencies: SealerDependencies) {
    this.#deps = dependencies;
  }

  /** Leaves of the tree. */
  get size(): number {
    return this.#head.size;
  }

  /** @throws NotTheSealedLog */
  async cursor(): Promise<string | null> {
    const head = await this.#deps.seals.head();
    await this.#checkTail(head);
    const full = Math.floor(head.size / TILE_LEAVES);
    this.#head = head;
    this.#tree = fullTiles(head);
    this.#tile = new OpenTile(full, head.tail?.number === full ? head.tail : null);
    return head.position;
  }

  pages(options: SubscribeOptions): AsyncIterable<EntryPage> {
    return entryPages(this.#deps.store, options);
  }

  async take(page: EntryPage): Promise<void> {
    const tree = this.#tree as Frontier;
    const tiles: SealedTile[] = [];
    const leaves = leavesOfPage(page);
    for (let place = 0; place < page.ends.length; ) {
      place = this.#tile.add(page, leaves, place);
      if (!this.#tile.isFull) continue;
      const full = this.#tile.sealed();
      tiles.push(full);
      tree.add(full.root as Uint8Array, TILE_LEAVES);
      this.#tile = new OpenTile(full.number + 1);
    }
    if (!this.#tile.isEmpty) tiles.push(this.#tile.sealed());
    const size = this.#head.size + page.ends.length;
    const position = page.position as string;
    await this.#deps.seals.append({ from: this.#head, size, position, frontier: tree.roots(), tiles });
    this.#head = { size, position };
    await this.#rest(page);
  }

  /** Where it is behind and more comes in, for as long as it has worked: ingest needs the cores more. */
  async #rest({ position, atEnd }: EntryPage): Promise<void> {
    const head = atEnd ? position : await this.#deps.store.head();
    const { rest = delay } = this.#deps;
    if (!atEnd && head !== this.#lastHead) await rest(worked() - this.#workedBefore);
    this.#lastHead = head;
    this.#workedBefore = worked();
  }

  async #checkTail({ tail }: SealHead): Promise<void> {
    if (tail === null) return;
    const { store, seals } = this.#deps;
    const [before] = tail.number === 0 ? [] : await seals.tiles(tail.number - 1, 1);
    const events = await readEvents(store, before?.lastPosition ?? null, leafCount(tail));
    if (leavesOf(events).equals(tail.leaves)) return;
    throw new NotTheSealedLog(
      `the events from position ${tail.firstPosition} to ${tail.lastPosition} are not those that were sealed; ` +
        "nothing more is sealed, and `sluice verify` says what has changed",
    );
  }
}
