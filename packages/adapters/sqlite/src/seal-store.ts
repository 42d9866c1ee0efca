/** The seals in a file of their own: `docs/integrity.md`. Used by threads that may wait for it. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import {
  CursorMoved,
  type KeptCheckpoint,
  type SealBatch,
  type SealedTile,
  type SealHead,
  type SealStore,
  TILE_LEAVES,
} from "@sluice/domain";
import { type DatabaseOptions, databaseDefaults } from "./config.ts";
import { openDatabase, transact } from "./connection.ts";
import { StatementCache } from "./statement-cache.ts";

export interface SqliteSealStoreOptions extends DatabaseOptions {
  /** Name of the tree, asked for when the file is made. */
  readonly newOrigin: () => string;
  /** Only reads; a file that is not there is an error. */
  readonly readOnly?: boolean;
}

const ID_BYTES = 16;
const TILE = `SELECT number, first_position AS firstPosition, last_position AS lastPosition, root, ids, leaves FROM tiles`;
const CHECKPOINT = "SELECT number, size, time, note FROM checkpoints";
/** Tiles whose ids are looked through before anyone else gets a turn. */
const SEARCHED = 1_000;

export class SealsMissing extends Error {
  override readonly name = "SealsMissing";
}

export class SqliteSealStore implements SealStore {
  readonly #options: SqliteSealStoreOptions;
  #database: DatabaseSync | null = null;
  #statements: StatementCache | null = null;

  constructor(options: SqliteSealStoreOptions) {
    this.#options = options;
  }

  /** @throws UnusableDatabase, SealsMissing, or SQLite's error */
  async start(): Promise<void> {
    const { path, readOnly, newOrigin, busyTimeoutMs } = this.#options;
    if (readOnly) {
      if (!existsSync(path)) throw new SealsMissing(`${path} is not there`);
      this.#database = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs ?? databaseDefaults.busyTimeoutMs });
    } else {
      this.#database = openDatabase("seals", this.#options);
      this.#database.exec("PRAGMA synchronous = NORMAL");
      this.#database
        .prepare("INSERT INTO tree (only_row, origin, size, frontier) VALUES (1, ?, 0, x'') ON CONFLICT DO NOTHING")
        .run(newOrigin());
    }
    this.#statements = new StatementCache(this.#database);
  }

  async stop(): Promise<void> {
    this.#database?.close();
    this.#database = null;
  }

  async head(): Promise<SealHead> {
    // One statement, so that tree and tail are of one moment.
    const row = this.#prepare(
      `SELECT origin, size, position, frontier, t.* FROM tree
       LEFT JOIN (${TILE} ORDER BY number DESC LIMIT 1) AS t ON true`,
    ).get() as Record<string, unknown> | undefined;
    if (row === undefined) throw new SealsMissing(`${this.#options.path} has no tree`);
    return {
      origin: row.origin as string,
      size: row.size as number,
      position: row.position as string | null,
      frontier: row.frontier as Uint8Array,
      tail: row.number === null ? null : tileOf(row),
    };
  }

  async append({ from, size, position, frontier, tiles }: SealBatch): Promise<void> {
    transact(this.#open(), () => {
      const { changes } = this.#prepare(
        "UPDATE tree SET size = ?, position = ?, frontier = ? WHERE size = ? AND position IS ?",
      ).run(size, position, frontier, from.size, from.position);
      if (changes !== 1) {
        const actual = this.#prepare("SELECT position FROM tree").get() as { position: string | null } | undefined;
        throw new CursorMoved("the seals", from.position, actual?.position ?? null);
      }
      const put = this.#prepare(
        `INSERT INTO tiles (number, first_position, last_position, root, ids, leaves) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (number) DO UPDATE SET
           last_position = excluded.last_position, root = excluded.root, ids = excluded.ids, leaves = excluded.leaves`,
      );
      for (const { number, firstPosition, lastPosition, root, ids, leaves } of tiles) {
        put.run(number, firstPosition, lastPosition, root, ids, leaves);
      }
    });
  }

  async tiles(first: number, limit: number): Promise<readonly SealedTile[]> {
    return this.#prepare(`${TILE} WHERE number >= ? ORDER BY number LIMIT ?`)
      .all(first, limit)
      .map((row) => tileOf(row));
  }

  async roots(count: number): Promise<Uint8Array> {
    const rows = this.#prepare("SELECT root FROM tiles WHERE number < ? AND root IS NOT NULL ORDER BY number").all(
      count,
    );
    return Buffer.concat(rows.map(({ root }) => root as Uint8Array));
  }

  async find(id: Uint8Array): Promise<number | null> {
    const search = this.#prepare("SELECT number, ids FROM tiles WHERE number < ? ORDER BY number DESC LIMIT ?");
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      let looked = 0;
      for (const { number, ids } of search.iterate(before, SEARCHED) as Iterable<{ number: number; ids: Uint8Array }>) {
        const place = placeOf(id, ids);
        if (place !== null) return number * TILE_LEAVES + place;
        before = number;
        looked++;
      }
      if (looked < SEARCHED) return null;
      await new Promise(setImmediate);
    }
  }

  async addCheckpoint({ size, time, note }: Omit<KeptCheckpoint, "number">): Promise<KeptCheckpoint> {
    const database = this.#open();
    // A commit that is synced takes with it all that was committed before.
    database.exec("PRAGMA synchronous = FULL");
    try {
      const { lastInsertRowid } = this.#prepare("INSERT INTO checkpoints (size, time, note) VALUES (?, ?, ?)").run(
        size,
        time,
        note,
      );
      return { number: Number(lastInsertRowid), size, time, note };
    } finally {
      database.exec("PRAGMA synchronous = NORMAL");
    }
  }

  async checkpoints({ before, limit }: { readonly before?: number; readonly limit: number }) {
    return this.#prepare(`${CHECKPOINT} WHERE number < ? ORDER BY number DESC LIMIT ?`).all(
      before ?? Number.MAX_SAFE_INTEGER,
      limit,
    ) as unknown as readonly KeptCheckpoint[];
  }

  async checkpointOver(size: number): Promise<KeptCheckpoint | null> {
    const row = this.#prepare(`${CHECKPOINT} WHERE size >= ? ORDER BY number DESC LIMIT 1`).get(size);
    return (row as KeptCheckpoint | undefined) ?? null;
  }

  #open(): DatabaseSync {
    if (this.#database === null) throw new Error("the seal store is not running");
    return this.#database;
  }

  #prepare(sql: string) {
    this.#open();
    return (this.#statements as StatementCache).prepare(sql);
  }
}

const tileOf = (row: Record<string, unknown>): SealedTile => ({
  number: row.number as number,
  firstPosition: row.firstPosition as string,
  lastPosition: row.lastPosition as string,
  root: row.root as Uint8Array | null,
  ids: row.ids as Uint8Array,
  leaves: row.leaves as Uint8Array,
});

/** Ids stand at multiples of their length; what looks like one elsewhere is none. */
const placeOf = (id: Uint8Array, ids: Uint8Array): number | null => {
  const buffer = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  for (let at = buffer.indexOf(id); at >= 0; at = buffer.indexOf(id, at + 1)) {
    if (at % ID_BYTES === 0) return at / ID_BYTES;
  }
  return null;
};
