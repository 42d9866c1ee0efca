/** A projection made anew in a database beside the live one: the port with its protocol is `ProjectionRebuild`. */
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
import type { Connection, Pool } from "mariadb";
import { type MariadbProjectionOptions, projectionDefaults } from "./config.ts";
import { available, CommitInDoubt, dataError, openPatientPool, transactAgain } from "./connection.ts";
import { migrate } from "./migrations.ts";
import { candidateDatabase, dropCandidate, makeCandidate, quoted, withRights } from "./projection-rebuild-candidate.ts";
import { readMark, readRows } from "./projection-rebuild-rows.ts";
import { readSwitch, rollBack, switchOver } from "./projection-rebuild-switch.ts";
import { MariadbProjectionStore } from "./projection-store.ts";

/** A lost connection is replaced by the next call: it need not be started again. */
export class MariadbProjectionRebuild implements ProjectionRebuild {
  readonly #options: MariadbProjectionOptions;
  readonly #database: string;
  #pool: Pool | null = null;
  #candidate: { readonly id: string; readonly store: ProjectionStore } | null = null;
  /** The id of a roll-back whose commit had no answer. */
  #doubt: string | null = null;

  constructor(options: MariadbProjectionOptions) {
    this.#options = options;
    this.#database = candidateDatabase(options.database);
  }

  /**
   * @throws ProjectionUnavailable  the server is out of reach, or refuses the user
   * @throws UnusableDatabase       the tables are a newer version's
   */
  async start(): Promise<void> {
    if (this.#pool) return;
    await available(() => migrate(this.#options));
    this.#pool = openPatientPool(this.#options);
  }

  async stop(): Promise<void> {
    await this.#stopCandidate();
    const pool = this.#pool;
    this.#pool = null;
    await pool?.end();
  }

  async candidate(id: string): Promise<ProjectionStore> {
    if (this.#candidate?.id === id) return this.#candidate.store;
    await this.#stopCandidate();
    const store = new MariadbProjectionStore({ ...this.#options, database: this.#database });
    await this.#run((pool) =>
      withRights(pool, this.#database, async () => {
        await makeCandidate(pool, this.#database, id);
        await store.start();
      }),
    );
    this.#candidate = { id, store };
    return store;
  }

  async drop(): Promise<void> {
    await this.#stopCandidate();
    await this.#run((pool) => withRights(pool, this.#database, () => dropCandidate(pool, this.#database)));
  }

  mark(side: ProjectionSide): Promise<string> {
    return this.#run((pool) => readMark(pool, this.#dataOf(side)));
  }

  rows(side: ProjectionSide, request: RowsRequest): Promise<readonly DataRow[]> {
    return this.#run((pool) => readRows(pool, this.#dataOf(side), request));
  }

  /** @throws RebuildImpossible also when the table `data` refuses a row by its content, as by a trigger of the user's */
  switchOver(order: SwitchOrder): Promise<SwitchResult> {
    return this.#transact((connection) => switchOver(connection, quoted(this.#database), order));
  }

  switched(): Promise<Switched | null> {
    return this.#run(readSwitch);
  }

  async rollBack(id: string, consumer: string): Promise<boolean> {
    try {
      const done = await this.#transact((connection) => rollBack(connection, id, consumer));
      const before = this.#doubt === id;
      this.#doubt = null;
      return done || before;
    } catch (error) {
      if (error instanceof Error && error.cause instanceof CommitInDoubt) this.#doubt = id;
      throw error;
    }
  }

  #dataOf(side: ProjectionSide): string {
    return side === "live" ? "data" : `${quoted(this.#database)}.data`;
  }

  #transact<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const attempts = this.#options.attempts ?? projectionDefaults.attempts;
    return this.#run(async (pool) => {
      try {
        return await transactAgain(pool, attempts, work);
      } catch (error) {
        const refusal = dataError(error);
        if (refusal === null) throw error;
        throw new RebuildImpossible(
          `the projection refuses a row: ${refusal}. What refuses it (a trigger, an index, a check or a column that ` +
            "people have added) has to let it in, or to go, before the projection can be switched over",
          { cause: error },
        );
      }
    });
  }

  async #run<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
    const pool = this.#pool;
    if (!pool) throw new ProjectionUnavailable("the projection's rebuild is not started");
    return available(() => work(pool));
  }

  async #stopCandidate(): Promise<void> {
    const candidate = this.#candidate;
    this.#candidate = null;
    await candidate?.store.stop();
  }
}
