/** The spool in an SQLite database: the port with its protocol is `MessageSpool` in the domain. */
import type { DatabaseSync } from "node:sqlite";
import { type MessageSpool, type SpoolEntry, SpoolFull, type SpoolStatus, SpoolUnavailable } from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { openDatabase, resultCode, transact } from "./connection.ts";

export interface SqliteSpoolOptions extends DatabaseOptions {
  /** Bytes of the entries at the most. */
  readonly capacityBytes: number;
}

const APPEND = "INSERT INTO spool (data) VALUES (?)";
const READ = "SELECT id, data FROM spool WHERE id > ? ORDER BY id LIMIT ?";
const REMOVE = "DELETE FROM spool WHERE id = ? RETURNING length(data) AS bytes";
const TOTALS = "SELECT count(*) AS entries, coalesce(sum(length(data)), 0) AS bytes FROM spool";

/** Every call runs in the calling thread, to its end. */
export class SqliteMessageSpool implements MessageSpool {
  readonly #options: SqliteSpoolOptions;
  #database: DatabaseSync | null = null;
  #entries = 0;
  #bytes = 0;

  constructor(options: SqliteSpoolOptions) {
    this.#options = options;
  }

  /** @throws UnusableDatabase when the file is another store's or a newer version's; SpoolUnavailable */
  async start(): Promise<void> {
    this.#database = available(() => openDatabase("spool", this.#options));
    const totals = available(() => this.#open().prepare(TOTALS).get()) as { entries: number; bytes: number };
    this.#entries = totals.entries;
    this.#bytes = totals.bytes;
  }

  async stop(): Promise<void> {
    this.#database?.close();
    this.#database = null;
  }

  async append(entries: readonly Uint8Array[]): Promise<readonly number[]> {
    const database = this.#open();
    const bytes = entries.reduce((sum, data) => sum + data.byteLength, 0);
    const { capacityBytes } = this.#options;
    if (this.#bytes + bytes > capacityBytes && this.#entries > 0) {
      throw new SpoolFull(`the spool holds ${this.#bytes} of ${capacityBytes} bytes`);
    }
    const insert = database.prepare(APPEND);
    const ids = available(() =>
      transact(database, () => entries.map((data) => Number(insert.run(data).lastInsertRowid))),
    );
    this.#entries += entries.length;
    this.#bytes += bytes;
    return ids;
  }

  async read(after: number, atMost: { entries: number; bytes: number }): Promise<readonly SpoolEntry[]> {
    return available(() => {
      const entries: SpoolEntry[] = [];
      let bytes = 0;
      const rows = this.#open().prepare(READ).iterate(after, atMost.entries);
      for (const row of rows as unknown as Iterable<SpoolEntry>) {
        entries.push(row);
        bytes += row.data.byteLength;
        if (bytes >= atMost.bytes) break;
      }
      return entries;
    });
  }

  async remove(ids: readonly number[]): Promise<void> {
    const database = this.#open();
    const remove = database.prepare(REMOVE);
    const removed = available(() =>
      transact(database, () => ids.flatMap((id) => remove.all(id) as unknown as { bytes: number }[])),
    );
    this.#entries -= removed.length;
    this.#bytes -= removed.reduce((sum, row) => sum + row.bytes, 0);
    if (this.#entries === 0) this.#shrink();
  }

  status(): SpoolStatus {
    return { entries: this.#entries, bytes: this.#bytes, capacityBytes: this.#options.capacityBytes };
  }

  /** Gives the disk back what an outage took. A file that stays large does no harm, so it may fail. */
  #shrink(): void {
    try {
      this.#open().exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      if (resultCode(error) === null) throw error;
    }
  }

  #open(): DatabaseSync {
    if (this.#database === null) throw new SpoolUnavailable("the spool is not started");
    return this.#database;
  }
}

const available = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (resultCode(error) === null) throw error;
    throw new SpoolUnavailable(`the spool: ${(error as Error).message}`, { cause: error });
  }
};
