/** The read model in a PostgreSQL database: the port with its protocol is `ProjectionStore` in the domain. */
import type { DataItem, DeadLetter, DeadLetterCause } from "@sluice/contracts";
import {
  type ApplyResult,
  CursorMoved,
  type DataFilter,
  type DeadLetterFilter,
  type Page,
  type PageRequest,
  type ProjectionBatch,
  ProjectionFull,
  type ProjectionStore,
  ProjectionUnavailable,
  type SinkCounts,
} from "@sluice/domain";
import type { Pool, PoolClient } from "pg";
import { type PostgresProjectionOptions, postgresDefaults, projectionDefaults } from "./config.ts";
import { close, openPool, schemaOf, sqlState } from "./connection.ts";
import { applyBatch, readCursor } from "./projection-store-apply.ts";
import { fillCauses, listCauses } from "./projection-store-causes.ts";
import { readCounts } from "./projection-store-counts.ts";
import { findRow, listData } from "./projection-store-data.ts";
import { listDeadLetters } from "./projection-store-letters.ts";
import { migrateProjection, PROJECTION_SESSION } from "./projection-store-migrate.ts";
import { PartitionKeeper } from "./projection-store-partitions.ts";
import { resetConsumer } from "./projection-store-reset.ts";
import { CommitInDoubt, isOfDatabase, transactAgain } from "./transaction.ts";

/** Of a batch, and of what goes on beside it. */
const WRITERS = 2;

interface Open {
  readonly writers: Pool;
  readonly readers: Pool;
  readonly partitions: PartitionKeeper;
}

/** A batch whose commit had no answer. If the cursor turns out to be at its end, this is what it gave. */
interface Doubt extends Pick<ProjectionBatch, "consumer" | "from" | "to"> {
  readonly result: ApplyResult;
}

/**
 * The tables are in the schema `public` unless another one is named: queries written for the older gateway, and whoever
 * connects with the default `search_path`, find `data`, `flows` and `mqtt_servers` there. Tables of Sluice's own are
 * called `sluice_…`, so that they are in nobody's way. An event store in the same database has a schema of its own.
 *
 * A lost connection is replaced by the next call: the store need not be started again.
 */
export class PostgresProjectionStore implements ProjectionStore {
  readonly #options: PostgresProjectionOptions & typeof projectionDefaults;
  #open: Open | null = null;
  #doubt: Doubt | null = null;

  /** @throws UnusableDatabase on a schema's name that would need quoting */
  constructor(options: PostgresProjectionOptions) {
    this.#options = { ...projectionDefaults, ...options } as PostgresProjectionOptions & typeof projectionDefaults;
    schemaOf(this.#options);
  }

  /**
   * @throws ProjectionUnavailable  the server is out of reach
   * @throws UnusableDatabase       the tables are a newer version's or not the older gateway's, or may not be changed
   */
  async start(): Promise<void> {
    const options = this.#options;
    await available(() => migrateProjection(options));
    const writers = openPool(options, WRITERS, PROJECTION_SESSION);
    const readers = openPool(options, options.readers ?? postgresDefaults.readers, PROJECTION_SESSION);
    const partitions = new PartitionKeeper(writers, {
      by: options.partitionBy,
      retentionDays: options.retentionDays ?? null,
      clock: options.clock ?? Date,
      onError: options.onPartitionError ?? (() => undefined),
    });
    await partitions.prepare([]);
    await available(() => fillCauses(writers));
    this.#open = { writers, readers, partitions };
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open) await Promise.all([close(open.writers), close(open.readers)]);
  }

  cursor(consumer: string): Promise<string | null> {
    return this.#run(({ writers }) => readCursor(writers, consumer));
  }

  async apply(batch: ProjectionBatch): Promise<ApplyResult> {
    const now = new Date((this.#options.clock ?? Date).now()).toISOString();
    let result: ApplyResult | null = null;
    try {
      await this.#run(({ partitions }) => partitions.prepare(batch.rows));
      const applied = await this.#transact(async (client) => {
        result = await applyBatch(client, batch, now);
        return result;
      });
      this.#doubt = null;
      return applied;
    } catch (error) {
      if (error instanceof CursorMoved) return this.#settleDoubt(batch, error);
      if (result !== null && error instanceof Error && error.cause instanceof CommitInDoubt) {
        this.#doubt = { consumer: batch.consumer, from: batch.from, to: batch.to, result };
      }
      throw error;
    }
  }

  reset(consumer: string): Promise<void> {
    return this.#transact((client) => resetConsumer(client, consumer));
  }

  data(filter: DataFilter, page: PageRequest): Promise<Page<DataItem>> {
    return this.#run(({ readers }) => listData(readers, filter, page));
  }

  row(id: string): Promise<DataItem | null> {
    return this.#run(({ readers }) => findRow(readers, id));
  }

  deadLetters(filter: DeadLetterFilter, page: PageRequest): Promise<Page<DeadLetter>> {
    return this.#run(({ readers }) => listDeadLetters(readers, filter, page));
  }

  deadLetterCauses(filter: Omit<DeadLetterFilter, "ids">, limit: number): Promise<readonly DeadLetterCause[]> {
    return this.#run(({ readers }) => listCauses(readers, filter, limit));
  }

  counts(): Promise<readonly SinkCounts[]> {
    return this.#run(({ readers }) => readCounts(readers));
  }

  /** The batch that is tried again after a commit without an answer was applied by it. */
  #settleDoubt({ consumer, from, to }: ProjectionBatch, error: CursorMoved): ApplyResult {
    const doubt = this.#doubt;
    this.#doubt = null;
    const same = doubt?.consumer === consumer && doubt.from === from && doubt.to === to;
    if (!same || error.actual !== to) throw error;
    return doubt.result;
  }

  #transact<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#run(({ writers }) => transactAgain(writers, this.#options.attempts, work));
  }

  async #run<T>(work: (open: Open) => Promise<T>): Promise<T> {
    const open = this.#open;
    if (!open) throw new ProjectionUnavailable("the projection store is not started");
    return available(() => work(open));
  }
}

const DISK_FULL = "53100";

/** @throws ProjectionUnavailable for what the server or the connection says */
export const available = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!isOfDatabase(error)) throw error;
    const Unavailable = sqlState(error) === DISK_FULL ? ProjectionFull : ProjectionUnavailable;
    throw new Unavailable(`PostgreSQL: ${error.message}`, { cause: error });
  }
};
