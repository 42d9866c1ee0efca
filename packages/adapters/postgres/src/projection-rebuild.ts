/** Making the projection anew in a PostgreSQL database: the port with its protocol is `ProjectionRebuild` in the domain. */
import {
  type DataRow,
  type ProjectionRebuild,
  type ProjectionSide,
  type ProjectionStore,
  ProjectionUnavailable,
  RebuildImpossible,
  type RowsRequest,
  type Switched,
  type SwitchOrder,
  type SwitchResult,
} from "@sluice/domain";
import type { Pool, PoolClient } from "pg";
import { type PostgresProjectionOptions, postgresDefaults, projectionDefaults } from "./config.ts";
import { close, openPool, REBUILD_SUFFIX, schemaOf, UnusableDatabase } from "./connection.ts";
import { copyChecks, dropSchema, prepareSchema, type Schemas } from "./projection-rebuild-candidate.ts";
import { markOf, readRows } from "./projection-rebuild-rows.ts";
import { readSwitch, switchOver } from "./projection-rebuild-switch.ts";
import { rollBack } from "./projection-rebuild-undo.ts";
import { available, PostgresProjectionStore } from "./projection-store.ts";
import { migrateProjection, PROJECTION_SESSION } from "./projection-store-migrate.ts";
import { CommitInDoubt, dataError, transactAgain } from "./transaction.ts";

/** However large the tables are. A server that is gone is noticed by TCP. */
const SWITCH_TIMEOUT_MS = 24 * 3_600_000;

/** Pages come out of the index in their order; numbers are read as exactly as they are stored. */
const READER_SESSION = { ...PROJECTION_SESSION, enable_sort: "off", extra_float_digits: "1" };

/** For joins of whole tables, which the store's own sessions never make. */
const switchSession = (lockTimeoutMs: number) => ({
  ...PROJECTION_SESSION,
  enable_seqscan: "on",
  enable_bitmapscan: "on",
  enable_hashjoin: "on",
  enable_mergejoin: "on",
  enable_hashagg: "on",
  enable_sort: "on",
  work_mem: "64MB",
  lock_timeout: String(lockTimeoutMs),
});

interface Open {
  readonly reader: Pool;
  readonly writer: Pool;
}

interface Candidate {
  readonly id: string;
  readonly store: PostgresProjectionStore;
}

/**
 * The candidate is a `PostgresProjectionStore` in the schema `<schema>_rebuild` of the same database; readers find the
 * live one's tables by their schema as before. Its role needs the right to make that schema, or an administrator makes it.
 */
export class PostgresProjectionRebuild implements ProjectionRebuild {
  readonly #options: PostgresProjectionOptions & typeof projectionDefaults;
  readonly #schemas: Schemas;
  #open: Open | null = null;
  #candidate: Candidate | null = null;
  /** Id of a switch whose rolling back was committed without an answer. */
  #doubt: string | null = null;

  /** @throws UnusableDatabase on a schema's name that would need quoting */
  constructor(options: PostgresProjectionOptions) {
    this.#options = { ...projectionDefaults, ...options } as PostgresProjectionOptions & typeof projectionDefaults;
    const live = schemaOf(this.#options);
    this.#schemas = { live, candidate: schemaOf({ ...this.#options, schema: `${live}${REBUILD_SUFFIX}` }) };
  }

  /**
   * @throws ProjectionUnavailable  the server is out of reach
   * @throws UnusableDatabase       as the live projection's start
   */
  async start(): Promise<void> {
    const options = this.#options;
    await available(() => migrateProjection(options));
    const statementTimeoutMs = options.statementTimeoutMs ?? postgresDefaults.statementTimeoutMs;
    this.#open = {
      // Two for the two sides.
      reader: openPool(options, 2, READER_SESSION),
      writer: openPool({ ...options, statementTimeoutMs: SWITCH_TIMEOUT_MS }, 1, switchSession(statementTimeoutMs)),
    };
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await this.#stopCandidate();
    if (open) await Promise.all([close(open.reader), close(open.writer)]);
  }

  async candidate(id: string): Promise<ProjectionStore> {
    if (this.#candidate?.id === id) return this.#candidate.store;
    await this.#stopCandidate();
    await this.#transact((client) => prepareSchema(client, this.#schemas, id));
    const store = new PostgresProjectionStore({ ...this.#options, schema: this.#schemas.candidate });
    try {
      await store.start();
      await this.#transact((client) => copyChecks(client, this.#schemas));
    } catch (error) {
      await store.stop();
      if (error instanceof UnusableDatabase) throw new RebuildImpossible(error.message, { cause: error });
      throw error;
    }
    this.#candidate = { id, store };
    return store;
  }

  async drop(): Promise<void> {
    await this.#stopCandidate();
    await this.#transact((client) => dropSchema(client, this.#schemas));
  }

  mark(side: ProjectionSide): Promise<string> {
    return this.#run(({ reader }) => markOf(reader, this.#schemas[side]));
  }

  rows(side: ProjectionSide, request: RowsRequest): Promise<readonly DataRow[]> {
    return this.#run(({ reader }) => readRows(reader, this.#schemas[side], request));
  }

  /** @throws RebuildImpossible also when a constraint or a trigger of the live table refuses what the candidate has */
  switchOver(order: SwitchOrder): Promise<SwitchResult> {
    return this.#transact((client) => switchOver(client, this.#schemas, order));
  }

  switched(): Promise<Switched | null> {
    return this.#run(async ({ reader }) => {
      const last = await readSwitch(reader);
      if (last === null) return null;
      const { consumer: _, ...switched } = last;
      return switched;
    });
  }

  async rollBack(id: string, consumer: string): Promise<boolean> {
    const inDoubt = this.#doubt === id;
    try {
      const done = await this.#transact((client) => rollBack(client, id, consumer));
      this.#doubt = null;
      return done || inDoubt;
    } catch (error) {
      if (error instanceof Error && error.cause instanceof CommitInDoubt) this.#doubt = id;
      throw error;
    }
  }

  async #stopCandidate(): Promise<void> {
    const candidate = this.#candidate;
    this.#candidate = null;
    await candidate?.store.stop();
  }

  #transact<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#run(async ({ writer }) => {
      try {
        return await transactAgain(writer, this.#options.attempts, work);
      } catch (error) {
        const reason = dataError(error);
        if (reason === null) throw error;
        throw new RebuildImpossible(
          `the table ${this.#schemas.live}.data refuses what the log gives, or what was there before: ${reason}. ` +
            "Nothing was changed: take away the constraint or the trigger that refuses it, and try again",
          { cause: error },
        );
      }
    });
  }

  async #run<T>(work: (open: Open) => Promise<T>): Promise<T> {
    const open = this.#open;
    if (!open) throw new ProjectionUnavailable("the projection's rebuild is not started");
    return available(() => work(open));
  }
}
