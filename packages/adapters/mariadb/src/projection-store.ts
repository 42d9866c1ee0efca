/** The read model in a MariaDB database: the port with its protocol is `ProjectionStore` in the domain. */
import type { DataItem, DeadLetter, DeadLetterCause } from "@sluice/contracts";
import {
  type ApplyResult,
  CursorMoved,
  type DataFilter,
  type DeadLetterFilter,
  type Page,
  type PageRequest,
  type ProjectionBatch,
  type ProjectionStore,
  ProjectionUnavailable,
  type SinkCounts,
} from "@sluice/domain";
import type { Connection, Pool } from "mariadb";
import { type MariadbProjectionOptions, projectionDefaults } from "./config.ts";
import { available, CommitInDoubt, openPool, transactAgain } from "./connection.ts";
import { migrate } from "./migrations.ts";
import { applyBatch, readCursor, resetConsumer } from "./projection-store-apply.ts";
import { fillCauses, listCauses } from "./projection-store-causes.ts";
import { findRow, listData } from "./projection-store-data.ts";
import { listDeadLetters } from "./projection-store-letters.ts";

interface Started {
  readonly pool: Pool;
  /** Bytes. */
  readonly maxAllowedPacket: number;
}

/** A batch whose commit had no answer. If the cursor turns out to be at its end, this is what it gave. */
interface Doubt extends Pick<ProjectionBatch, "consumer" | "from" | "to"> {
  readonly result: ApplyResult;
}

/** A lost connection is replaced by the next call: the store need not be started again. */
export class MariadbProjectionStore implements ProjectionStore {
  readonly #options: MariadbProjectionOptions;
  #started: Started | null = null;
  #doubt: Doubt | null = null;

  constructor(options: MariadbProjectionOptions) {
    this.#options = options;
  }

  /**
   * @throws ProjectionUnavailable  the server is out of reach, or refuses the user
   * @throws UnusableDatabase       the tables are a newer version's
   */
  async start(): Promise<void> {
    await available(() => migrate(this.#options));
    const pool = openPool(this.#options);
    try {
      const [row] = await available(() => pool.query<{ bytes: number }[]>("SELECT @@max_allowed_packet AS bytes"));
      await available(() => fillCauses(pool));
      this.#started = { pool, maxAllowedPacket: row?.bytes as number };
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = null;
    await started?.pool.end();
  }

  cursor(consumer: string): Promise<string | null> {
    return this.#run(({ pool }) => readCursor(pool, consumer));
  }

  async apply(batch: ProjectionBatch): Promise<ApplyResult> {
    const now = new Date((this.#options.clock ?? Date).now()).toISOString();
    let result: ApplyResult | null = null;
    try {
      const applied = await this.#transact(async (connection, { maxAllowedPacket }) => {
        result = await applyBatch(connection, batch, now, maxAllowedPacket);
        return result;
      });
      this.#doubt = null;
      return applied;
    } catch (error) {
      if (error instanceof CursorMoved) return this.#settleDoubt(batch, error);
      if (result !== null && causeOf(error) instanceof CommitInDoubt) {
        this.#doubt = { consumer: batch.consumer, from: batch.from, to: batch.to, result };
      }
      throw error;
    }
  }

  reset(consumer: string): Promise<void> {
    return this.#transact((connection) => resetConsumer(connection, consumer));
  }

  data(filter: DataFilter, page: PageRequest): Promise<Page<DataItem>> {
    return this.#run(({ pool }) => listData(pool, filter, page));
  }

  row(id: string): Promise<DataItem | null> {
    return this.#run(({ pool }) => findRow(pool, id));
  }

  deadLetters(filter: DeadLetterFilter, page: PageRequest): Promise<Page<DeadLetter>> {
    return this.#run(({ pool }) => listDeadLetters(pool, filter, page));
  }

  deadLetterCauses(filter: Omit<DeadLetterFilter, "ids">, limit: number): Promise<readonly DeadLetterCause[]> {
    return this.#run(({ pool }) => listCauses(pool, filter, limit));
  }

  async counts(): Promise<readonly SinkCounts[]> {
    const rows = await this.#run(({ pool }) =>
      pool.query<SinkCounts[]>("SELECT flow, action, done, dead, discarded FROM sink_counts"),
    );
    return [...rows];
  }

  /** The batch that is tried again after a commit without an answer was applied by it. */
  #settleDoubt({ consumer, from, to }: ProjectionBatch, error: CursorMoved): ApplyResult {
    const doubt = this.#doubt;
    this.#doubt = null;
    const same = doubt?.consumer === consumer && doubt.from === from && doubt.to === to;
    if (!same || error.actual !== to) throw error;
    return doubt.result;
  }

  #transact<T>(work: (connection: Connection, started: Started) => Promise<T>): Promise<T> {
    const attempts = this.#options.attempts ?? projectionDefaults.attempts;
    return this.#run((started) => transactAgain(started.pool, attempts, (connection) => work(connection, started)));
  }

  async #run<T>(work: (started: Started) => Promise<T>): Promise<T> {
    const started = this.#started;
    if (!started) throw new ProjectionUnavailable("the projection store is not started");
    return available(() => work(started));
  }
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : null);
