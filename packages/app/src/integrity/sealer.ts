/**
 * Follows the log and seals it: every event becomes a leaf of the Merkle tree. It works off the commit path, after the
 * event is committed and acknowledged, so that ingest pays for nothing but the processor's time.
 *
 * It goes on only from a place that it knows: before the first page, and after every failure, the events of the last
 * tile are read from the log again. Where they are not those that were sealed, nothing more is sealed and the sink
 * says so; else a log that was exchanged would be sealed as if it were the one before.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { RecordedEvent } from "@sluice/contracts";
import {
  type EventStore,
  type Frontier,
  HASH_BYTES,
  type ReadPage,
  rootOf,
  type SealedTile,
  type SealHead,
  type SealStore,
  TILE_LEAVES,
} from "@sluice/domain";
import type { SinkTask } from "../sinks/sink.ts";
import { ID_BYTES, leavesOf, writeId, writeLeaf } from "./event-leaves.ts";
import { readEvents } from "./read-events.ts";
import { sha256 } from "./sha256.ts";
import { fullTiles, leafCount } from "./tree-root.ts";

export const SEALER = "sealer";

/** In a page from which on the sealer rests for as long as it has worked. */
const BUSY_EVENTS = 500;

export class NotTheSealedLog extends Error {
  override readonly name = "NotTheSealedLog";
}

export interface SealerDependencies {
  readonly store: EventStore;
  readonly seals: SealStore;
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

  add(event: RecordedEvent): void {
    writeLeaf(this.#leaves, this.#count, event);
    writeId(this.#ids, this.#count, event.id);
    if (this.#count === 0) this.#firstPosition = event.position;
    this.#lastPosition = event.position;
    this.#count++;
  }

  sealed(): SealedTile {
    const leaves = this.#leaves.subarray(0, this.#count * HASH_BYTES);
    return {
      number: this.number,
      firstPosition: this.#firstPosition,
      lastPosition: this.#lastPosition,
      leaves,
      ids: this.#ids.subarray(0, this.#count * ID_BYTES),
      root: this.isFull ? rootOf(sha256, leaves) : null,
    };
  }
}

export class Sealer implements SinkTask {
  readonly name = SEALER;
  readonly filter = {};
  readonly #deps: SealerDependencies;
  #head: Pick<SealHead, "size" | "position"> = { size: 0, position: null };
  #tree: Frontier | null = null;
  #tile = new OpenTile(0);

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

  async take(page: ReadPage): Promise<void> {
    const started = performance.now();
    const tree = this.#tree as Frontier;
    const tiles: SealedTile[] = [];
    for (const event of page.events) {
      this.#tile.add(event);
      if (!this.#tile.isFull) continue;
      const full = this.#tile.sealed();
      tiles.push(full);
      tree.add(full.root as Uint8Array, TILE_LEAVES);
      this.#tile = new OpenTile(full.number + 1);
    }
    if (!this.#tile.isEmpty) tiles.push(this.#tile.sealed());
    const size = this.#head.size + page.events.length;
    const position = page.position as string;
    await this.#deps.seals.append({ from: this.#head, size, position, frontier: tree.roots(), tiles });
    this.#head = { size, position };
    // Ingest needs the cores more while much comes in; what is behind is sealed when there is less.
    if (page.events.length >= BUSY_EVENTS) await delay(performance.now() - started);
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
