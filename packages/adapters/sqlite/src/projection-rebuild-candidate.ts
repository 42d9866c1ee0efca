/** The candidate: a projection's database in a file beside the live one, with the id of the rebuild that it is for. */
import { existsSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { RebuildImpossible } from "@sluice/domain";
import { databaseDefaults } from "./config.ts";
import { resultCode, transact, UnusableDatabase } from "./connection.ts";
import { type SqliteProjectionOptions, SqliteProjectionStore } from "./projection-store.ts";

/** Times the live file's size: as much again, the write-ahead logs of both, and what a switch keeps. */
const ROOM = 2.5;

export const candidatePath = (live: string): string => `${live}-rebuild`;

/**
 * Started: the one of this rebuild, or an empty one in place of what another has left.
 * @throws RebuildImpossible the file cannot be made, or is not a candidate
 */
export const openCandidate = async (live: SqliteProjectionOptions, id: string): Promise<SqliteProjectionStore> => {
  const options = { ...live, path: candidatePath(live.path) };
  if (possible(options.path, () => readId(options.path)) !== id) {
    possible(options.path, () => removeFiles(options.path));
    checkRoom(live.path);
    makeEmpty(options.path, id);
  }
  const store = new SqliteProjectionStore(options);
  try {
    await store.start();
  } catch (error) {
    if (!(error instanceof UnusableDatabase)) throw error;
    // Left by a newer version: this one begins anew.
    makeEmpty(options.path, id);
    await store.start();
  }
  return store;
};

/** The log may be on the same disk, and is what must not run out of it. */
const checkRoom = (live: string): void => {
  const { bavail, bsize } = statfsSync(dirname(live));
  const [free, needed] = [bavail * bsize, ROOM * statSync(live).size];
  if (free >= needed) return;
  const [has, wants] = [free, needed].map((bytes) => Math.round(bytes / 1024 ** 2));
  throw new RebuildImpossible(
    `making the projection anew beside the live one may need ${wants} MiB in ${dirname(live)}, where ${has} MiB are free`,
  );
};

/** Nothing where the file is not a candidate's. */
export const removeCandidate = (live: string): void => {
  const path = candidatePath(live);
  try {
    if (existsSync(path)) readId(path);
  } catch (error) {
    if (error instanceof RebuildImpossible || isUnusable(error)) return;
    throw error;
  }
  possible(path, () => removeFiles(path));
};

/** Of the rebuild; null where there is no file, or an empty one. @throws RebuildImpossible for anybody else's */
const readId = (path: string): string | null => {
  if (!existsSync(path)) return null;
  return withDatabase(path, (database) => {
    const has = (condition: string): boolean =>
      database.prepare(`SELECT 1 FROM sqlite_schema WHERE ${condition} LIMIT 1`).get() !== undefined;
    if (has("name = 'sluice_rebuild'")) {
      return (database.prepare("SELECT id FROM sluice_rebuild").get()?.id as string | undefined) ?? null;
    }
    if (!has("1")) return null;
    throw new RebuildImpossible(
      `${path} is another database, where the projection is to be made anew: move it to another place`,
    );
  });
};

/** The id is there before anything else is, so that no crash leaves a file that nobody knows. */
const makeEmpty = (path: string, id: string): void =>
  possible(path, () => {
    removeFiles(path);
    withDatabase(path, (database) =>
      transact(database, () => {
        database.exec("CREATE TABLE sluice_rebuild (id TEXT NOT NULL)");
        database.prepare("INSERT INTO sluice_rebuild VALUES (?)").run(id);
      }),
    );
  });

/** The database first: SQLite ignores a log that is without one, but a database without its log may be half written. */
const removeFiles = (path: string): void => {
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
};

const withDatabase = <T>(path: string, work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(path, { timeout: databaseDefaults.busyTimeoutMs });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

/** PERM, READONLY, CORRUPT, CANTOPEN, AUTH, NOTADB: trying again does not help. */
const UNUSABLE: ReadonlySet<number> = new Set([3, 8, 11, 14, 23, 26]);
const isUnusable = (error: unknown): boolean => UNUSABLE.has(resultCode(error) ?? -1);
const isFileSystem = (error: unknown): boolean => error instanceof Error && "syscall" in error;

/** @throws RebuildImpossible when the place is at fault; anything else as it is */
const possible = <T>(path: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!isUnusable(error) && !isFileSystem(error)) throw error;
    throw new RebuildImpossible(
      `the projection is to be made anew in the file ${path}, which fails: ${(error as Error).message}. ` +
        `Sluice must be allowed to write in ${dirname(path)}, and what has that name and is no candidate must go`,
      { cause: error },
    );
  }
};
