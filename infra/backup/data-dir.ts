/**
 * Copies a gateway's DATA_DIR while the gateway runs: `node infra/backup/data-dir.ts <DATA_DIR> <new directory>`.
 *
 * Each database is copied as it is at one moment. What follows the log (projection, delivery queue, snapshots) is copied
 * before the log, so that no cursor of the copy is beyond the copy's log; the rest is caught up after a restore. The
 * spool is copied before the log too: a message on its way between them may be in both, never in neither.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The log comes last. Where it is on a server there is none here: its dump comes after this copy. */
const LOG = "events.db";
/** Which filters each broker knows; the token is not copied, as a new one can be made. */
const SESSIONS = /^mqtt-session.*\.json$/;
/** @returns bytes */
const copyDatabase = (from: string, to: string): number => {
  // Not read-only: SQLite may have to make the shared memory of a write-ahead log whose gateway is stopped.
  const source = new DatabaseSync(from, { timeout: 60_000 });
  try {
    // One read transaction, however busy the writer: `.backup` starts again at every write of another process.
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to, { readOnly: true });
  try {
    const [first] = copy.prepare("PRAGMA quick_check(1)").all();
    if (first?.quick_check !== "ok") throw new Error(`the copy of ${from} is damaged: ${first?.quick_check}`);
    const pages = copy.prepare("PRAGMA page_count").get()?.page_count as number;
    return pages * (copy.prepare("PRAGMA page_size").get()?.page_size as number);
  } finally {
    copy.close();
  }
};

const sync = (path: string): void => {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const backUp = (dataDir: string, target: string): void => {
  if (!existsSync(dataDir)) throw new Error(`${dataDir} is not there`);
  if (existsSync(target)) throw new Error(`${target} is there already; a backup goes into a new directory`);
  const databases = readdirSync(dataDir).filter((file) => file.endsWith(".db"));
  if (databases.length === 0) throw new Error(`${dataDir} holds no database`);
  const part = `${target}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  const inOrder = [...databases.filter((file) => file !== LOG).sort(), ...databases.filter((file) => file === LOG)];
  for (const file of inOrder) {
    const bytes = copyDatabase(join(dataDir, file), join(part, file));
    sync(join(part, file));
    console.log(`${file}: ${bytes} bytes`);
  }
  for (const file of readdirSync(dataDir).filter((name) => SESSIONS.test(name))) {
    copyFileSync(join(dataDir, file), join(part, file));
    sync(join(part, file));
  }
  sync(part);
  // Under its name it is complete.
  renameSync(part, target);
  sync(dirname(resolve(target)));
};

const [dataDir, target, ...rest] = process.argv.slice(2);
if (dataDir === undefined || target === undefined || rest.length > 0) {
  console.error("usage: node infra/backup/data-dir.ts <DATA_DIR> <new directory>");
  process.exit(2);
}
try {
  backUp(dataDir, target);
} catch (error) {
  console.error(`data-dir.ts: ${(error as Error).message}`);
  process.exit(1);
}
