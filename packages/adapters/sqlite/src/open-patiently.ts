import type { DatabaseSync } from "node:sqlite";
import { type DatabaseOptions, databaseDefaults } from "./config.ts";
import { openDatabase, resultCode, type StoreName } from "./connection.ts";

const SQLITE_BUSY = 5;
const PAUSE_MS = 5;

/**
 * `openDatabase`, tried again for as long as the busy timeout where another connection is opening the same file for the
 * first time: turning a new database to WAL needs it alone, and SQLite does not wait for that by itself.
 */
export const openPatiently = (store: StoreName, options: DatabaseOptions): DatabaseSync => {
  const { busyTimeoutMs } = { ...databaseDefaults, ...options };
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return openDatabase(store, options);
    } catch (error) {
      if (resultCode(error) !== SQLITE_BUSY || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
};
