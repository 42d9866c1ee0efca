/** The read model in an SQLite database: the port with its protocol is `ProjectionStore` in the domain. */
import { DatabaseSync } from "node:sqlite";
import type { DataItem, DeadLetter, DeadLetterCause } from "@sluice/contracts";
import {
  type ApplyResult,
  type Clock,
  type DataFilter,
  type DeadLetterFilter,
  type Page,
  type PageRequest,
  type ProjectionBatch,
  type ProjectionStore,
  ProjectionUnavailable,
  type SinkCounts,
} from "@sluice/domain";
import { type DatabaseOptions, databaseDefaults } from "./config.ts";
import { openDatabase } from "./connection.ts";
import { available } from "./projection-errors.ts";
import { applyBatch, readCursor, resetConsumer } from "./projection-store-apply.ts";
import { fillCauses, listCauses } from "./projection-store-causes.ts";
import { findRow, listData } from "./projection-store-data.ts";
import { listDeadLetters } from "./projection-store-letters.ts";
import { RowWriter } from "./projection-store-rows.ts";
import { StatementCache } from "./statement-cache.ts";

export interface SqliteProjectionOptions extends DatabaseOptions {
  /**
   * Only reads, in a thread of its own beside the one that writes; the database must be there already. `apply` and
   * `reset` throw ProjectionUnavailable. False when absent.
   */
  readonly readOnly?: boolean;
  /** Dates the rows that die; the system's when absent. */
  readonly clock?: Clock;
}

/**
 * A commit of the projection need not be on disk when it returns: after a power failure the database is as it was after
 * some earlier batch, the cursor with it, and the projector goes on there from the log, which is on disk. A killed
 * process loses nothing. So NORMAL, which waits for the disk only when the write-ahead log is copied back
 * (https://sqlite.org/pragma.html#pragma_synchronous).
 *
 * The cache holds the right edge of four indexes over some hundred series. Foreign keys, which the older gateway's
 * tables may have, are not enforced: a row comes from the log and outlives its flow.
 */
const WRITER_PRAGMAS = `
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -65536;
  PRAGMA foreign_keys = OFF;
`;

/**
 * The index by series is written all over: a page of it that several batches change is copied back once. With
 * 3,000 series this is a third faster than the default 16 MiB.
 */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;

interface Connection {
  readonly statements: StatementCache;
  readonly writer: RowWriter;
}

/** Every call runs in the calling thread, to its end: reads are bounded by their limit. */
export class SqliteProjectionStore implements ProjectionStore {
  readonly #options: SqliteProjectionOptions;
  readonly #clock: Clock;
  #connection: Connection | null = null;

  constructor(options: SqliteProjectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date;
  }

  /** @throws UnusableDatabase when the file is another store's or a newer version's */
  async start(): Promise<void> {
    const statements = new StatementCache(available(() => this.#open()));
    if (!this.#options.readOnly) available(() => fillCauses(statements));
    this.#connection = { statements, writer: new RowWriter(statements) };
  }

  async stop(): Promise<void> {
    this.#connection?.statements.database.close();
    this.#connection = null;
  }

  async cursor(consumer: string): Promise<string | null> {
    return this.#run(({ statements }) => readCursor(statements, consumer));
  }

  async apply(batch: ProjectionBatch): Promise<ApplyResult> {
    const now = new Date(this.#clock.now()).toISOString();
    return this.#run(({ statements, writer }) => applyBatch(statements, writer, batch, now));
  }

  async reset(consumer: string): Promise<void> {
    this.#run(({ statements }) => resetConsumer(statements, consumer));
  }

  async data(filter: DataFilter, page: PageRequest): Promise<Page<DataItem>> {
    return this.#run(({ statements }) => consistently(statements.database, () => listData(statements, filter, page)));
  }

  async row(id: string): Promise<DataItem | null> {
    return this.#run(({ statements }) => findRow(statements, id));
  }

  async deadLetters(filter: DeadLetterFilter, page: PageRequest): Promise<Page<DeadLetter>> {
    return this.#run(({ statements }) => listDeadLetters(statements, filter, page));
  }

  async deadLetterCauses(filter: Omit<DeadLetterFilter, "ids">, limit: number): Promise<readonly DeadLetterCause[]> {
    return this.#run(({ statements }) => listCauses(statements, filter, limit));
  }

  async counts(): Promise<readonly SinkCounts[]> {
    const select = "SELECT flow, action, done, dead, discarded FROM sink_counts";
    const rows = this.#run(({ statements }) => statements.prepare(select).all());
    return rows.map((row) => ({ ...row }) as unknown as SinkCounts);
  }

  #open(): DatabaseSync {
    if (this.#options.readOnly) {
      const { path, busyTimeoutMs } = { ...databaseDefaults, ...this.#options };
      return new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
    }
    const database = openDatabase("projection", { walAutocheckpointBytes: CHECKPOINT_BYTES, ...this.#options });
    database.exec(WRITER_PRAGMAS);
    return database;
  }

  #run<T>(work: (connection: Connection) => T): T {
    const connection = this.#connection;
    if (!connection) throw new ProjectionUnavailable("the projection store is not started");
    return available(() => work(connection));
  }
}

/** Runs reads that belong together on one state of the database, whatever another connection writes meanwhile. */
const consistently = <T>(database: DatabaseSync, read: () => T): T => {
  database.exec("BEGIN");
  try {
    return read();
  } finally {
    database.exec("COMMIT");
  }
};
