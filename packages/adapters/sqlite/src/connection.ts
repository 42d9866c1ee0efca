/**
 * Opening a database of this package: durable settings, then the store's migrations.
 *
 * A migration is a file `src/sql/<store>/NNNN-<what>.sql`, numbered from 0001 without a gap. All that a database lacks
 * are applied in one transaction, and `PRAGMA user_version` becomes the number of the last. `PRAGMA application_id`
 * names the store, so that a file configured for two stores is noticed instead of half migrated.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DatabaseOptions, databaseDefaults } from "./config.ts";

/** The stores of this package with their `PRAGMA application_id`. */
const applicationIds = {
  events: 0x51_1c_e0_01,
  projection: 0x51_1c_e0_02,
  queue: 0x51_1c_e0_03,
  snapshots: 0x51_1c_e0_04,
  spool: 0x51_1c_e0_05,
  seals: 0x51_1c_e0_06,
} as const;
export type StoreName = keyof typeof applicationIds;

/**
 * Bytes of a page, decided when the file is made. With rows of some 1,400 bytes, a message of four events each, the log
 * writes a third more messages with 16 KiB pages than with SQLite's 4 KiB (400 streams, measured in turn).
 */
const pageBytes: Readonly<Record<StoreName, number>> = {
  events: 16_384,
  projection: 4_096,
  queue: 4_096,
  snapshots: 4_096,
  spool: 16_384,
  seals: 4_096,
};

/** The database cannot be used by this version of the program, and trying again will not help. */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}

const SQLITE_BUSY = 5;
const PAUSE_MS = 5;

/**
 * Opens the store's database, migrated to the newest schema.
 *
 * WAL lets readers and the writer work at the same time; `synchronous = FULL` makes every commit wait for fsync, which
 * WAL alone does not (https://sqlite.org/pragma.html#pragma_synchronous); `fullfsync` is what that takes on macOS. A
 * write-ahead log that a slow reader let grow past 64 MB is cut back to that once it has been copied.
 *
 * Where another connection is opening the same new file, this one waits as long as the busy timeout: turning a database
 * to WAL needs it alone, and SQLite does not wait for that by itself.
 * @throws UnusableDatabase on a newer schema or another store's file; SQLite's own error on anything else
 */
export const openDatabase = (store: StoreName, options: DatabaseOptions): DatabaseSync => {
  const deadline = performance.now() + (options.busyTimeoutMs ?? databaseDefaults.busyTimeoutMs);
  for (;;) {
    try {
      return openOnce(store, options);
    } catch (error) {
      if (resultCode(error) !== SQLITE_BUSY || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
};

/**
 * Runs `work` in one transaction that takes the write lock at once: a transaction that reads first and writes later
 * can fail with SQLITE_BUSY at once, whatever the timeout.
 */
export const transact = <T>(database: DatabaseSync, work: () => T): T => {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors (SQLITE_FULL, SQLITE_IOERR).
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
};

/** SQLite's primary result code of an error (https://sqlite.org/rescode.html), or null when it is not SQLite's. */
export const resultCode = (error: unknown): number | null =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : null;

/** TOOBIG, CONSTRAINT, MISMATCH, RANGE: the data is at fault. Any other code is the database's or the machine's. */
const DATA_ERRORS: ReadonlySet<number> = new Set([18, 19, 20, 25]);

/** Whether the statement failed by its data, so that trying it again cannot help. */
export const isDataError = (error: unknown): boolean => DATA_ERRORS.has(resultCode(error) ?? -1);

const pragma = (database: DatabaseSync, name: "user_version" | "application_id"): number =>
  database.prepare(`PRAGMA ${name}`).get()?.[name] as number;

const openOnce = (store: StoreName, options: DatabaseOptions): DatabaseSync => {
  mkdirSync(dirname(options.path), { recursive: true });
  const { path, busyTimeoutMs, walAutocheckpointBytes } = { ...databaseDefaults, ...options };
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    database.exec(`
      PRAGMA page_size = ${pageBytes[store]};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA wal_autocheckpoint = ${Math.ceil(walAutocheckpointBytes / pageBytes[store])};
      PRAGMA journal_size_limit = 67108864;
    `);
    migrate(database, store, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

const migrate = (database: DatabaseSync, store: StoreName, path: string): void => {
  const migrations = readMigrations(store);
  const check = (): number => {
    const version = pragma(database, "user_version");
    const owner = pragma(database, "application_id");
    if (owner !== 0 && owner !== applicationIds[store]) {
      throw new UnusableDatabase(`${path} is not a database of the ${store} store`);
    }
    if (version > migrations.length) {
      throw new UnusableDatabase(
        `${path} has schema version ${version}, written by a newer version of Sluice; this one knows ${migrations.length}`,
      );
    }
    return version;
  };
  if (check() === migrations.length) return;
  transact(database, () => {
    // Again, inside: another process may have migrated meanwhile.
    for (const sql of migrations.slice(check())) database.exec(sql);
    database.exec(`PRAGMA user_version = ${migrations.length}; PRAGMA application_id = ${applicationIds[store]};`);
  });
};

const readMigrations = (store: StoreName): readonly string[] => {
  const directory = new URL(`./sql/${store}/`, import.meta.url);
  const files = readdirSync(directory)
    .filter((file) => file.endsWith(".sql"))
    .sort();
  files.forEach((file, index) => {
    if (Number(file.slice(0, 4)) !== index + 1) throw new Error(`${store}: ${file} is not migration ${index + 1}`);
  });
  return files.map((file) => readFileSync(new URL(file, directory), "utf8"));
};
