/** Snapshots in a file of their own, which may be deleted at any time. */
import { existsSync, renameSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Snapshot, SnapshotStore } from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { openDatabase, resultCode, transact } from "./connection.ts";

const LOAD = "SELECT position, schema_version AS schemaVersion, state FROM snapshots WHERE name = ?";
const SAVE = `INSERT INTO snapshots (name, position, schema_version, state) VALUES (?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE
  SET position = excluded.position, schema_version = excluded.schema_version, state = excluded.state`;

/** CORRUPT and NOTADB (https://sqlite.org/rescode.html): the file has to be made anew. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

/** Opens its file when it is first used. */
export class SqliteSnapshotStore implements SnapshotStore {
  readonly #options: DatabaseOptions;
  #database: DatabaseSync | null = null;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#close();
  }

  /** Null when there is none, and also when the file or the snapshot cannot be read. */
  async load(name: string): Promise<Snapshot | null> {
    try {
      const row = this.#open().prepare(LOAD).get(name);
      if (!row) return null;
      const { position, schemaVersion, state } = row as { position: string; schemaVersion: number; state: string };
      return { position, schemaVersion, state: JSON.parse(state) as unknown };
    } catch {
      this.#close();
      return null;
    }
  }

  /**
   * A damaged file is moved aside, to `<path>.damaged`, and a new one begun.
   * @throws UnusableDatabase, or SQLite's error on a full disk and the like
   */
  async save(name: string, snapshot: Snapshot): Promise<void> {
    try {
      this.#write(name, snapshot);
    } catch (error) {
      this.#close();
      if (!DAMAGED.has(resultCode(error) ?? -1)) throw error;
      this.#moveAside();
      this.#write(name, snapshot);
    }
  }

  #write(name: string, { position, schemaVersion, state }: Snapshot): void {
    const database = this.#open();
    transact(database, () => database.prepare(SAVE).run(name, position, schemaVersion, JSON.stringify(state)));
  }

  #moveAside(): void {
    const { path } = this.#options;
    for (const suffix of ["-wal", "-shm", ""]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.damaged${suffix}`);
    }
  }

  #open(): DatabaseSync {
    if (!this.#database) {
      this.#database = openDatabase("snapshots", this.#options);
      // A snapshot that a power failure takes back is an older one: the log makes up for the rest.
      this.#database.exec("PRAGMA synchronous = NORMAL");
    }
    return this.#database;
  }

  #close(): void {
    this.#database?.close();
    this.#database = null;
  }
}
