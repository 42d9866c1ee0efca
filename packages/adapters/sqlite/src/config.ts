import type { Clock } from "@sluice/domain";

/** What every SQLite store of this package is opened with. A store's own options extend this type. */
export interface DatabaseOptions {
  /** File of the database; made with its directory when missing. Not `:memory:`: several connections share it. */
  readonly path: string;
  /**
   * Milliseconds that a statement waits for another connection's lock before it fails with SQLITE_BUSY; 5,000 when
   * absent.
   */
  readonly busyTimeoutMs?: number;
  /**
   * Bytes of the write-ahead log after which a commit copies them into the database file; 16 MiB when absent. SQLite's
   * own 4 MB makes a busy log fsync twice as often.
   */
  readonly walAutocheckpointBytes?: number;
}

export const databaseDefaults = { busyTimeoutMs: 5_000, walAutocheckpointBytes: 16 * 1024 * 1024 } as const;

export interface EventStoreOptions extends DatabaseOptions {
  /** Gives `recordedAt`, as far as it does not go back. */
  readonly clock: Clock;
  /**
   * `workers` (the default): one thread writes, one reads, and the caller's thread never waits for the disk.
   * `inline`: everything runs in the caller's thread; for threads that have nothing else to do meanwhile.
   */
  readonly threads?: "workers" | "inline";
  /** Milliseconds after which a subscriber looks for events that other connections appended; 50 when absent. */
  readonly pollIntervalMs?: number;
}

export const eventStoreDefaults = { threads: "workers", pollIntervalMs: 50 } as const;
