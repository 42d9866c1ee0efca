/**
 * The projection made anew in a file beside the live one: the port with its protocol is `ProjectionRebuild` in the domain.
 *
 * A switch-over reads the candidate's file and writes to the live one alone, so that it is one transaction whatever
 * happens. Its commit waits for the disk, other than the projection's: a candidate is taken away after it, and would be
 * missed if the live database came back from a power failure as it was before.
 */
import { pathToFileURL } from "node:url";
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
import { isDataError, openDatabase } from "./connection.ts";
import { available } from "./projection-errors.ts";
import { rollBack } from "./projection-rebuild-back.ts";
import { candidatePath, openCandidate, removeCandidate } from "./projection-rebuild-candidate.ts";
import { readSwitch } from "./projection-rebuild-kept.ts";
import { readMark, readRows } from "./projection-rebuild-rows.ts";
import { switchOver } from "./projection-rebuild-switch.ts";
import type { SqliteProjectionOptions, SqliteProjectionStore } from "./projection-store.ts";
import { StatementCache } from "./statement-cache.ts";

/** As the projection's: an adopted table's foreign keys are not enforced, and the cache holds what two indexes need. */
const PRAGMAS = `
  PRAGMA cache_size = -65536;
  PRAGMA foreign_keys = OFF;
`;

/** Every call but `candidate` runs in the calling thread, to its end: a switch-over takes as long as it takes. */
export class SqliteProjectionRebuild implements ProjectionRebuild {
  readonly #options: SqliteProjectionOptions;
  #statements: StatementCache | null = null;
  /** Its file is attached to the connection as schema `candidate`, to read. */
  #candidate: { readonly id: string; readonly store: SqliteProjectionStore } | null = null;

  /** @param options of the live projection; where the file beside it goes follows from `path` */
  constructor(options: Omit<SqliteProjectionOptions, "readOnly">) {
    this.#options = options;
  }

  /** @throws UnusableDatabase when the live file is another store's or a newer version's */
  async start(): Promise<void> {
    available(() => {
      const database = openDatabase("projection", this.#options);
      database.exec(PRAGMAS);
      this.#statements = new StatementCache(database);
    });
  }

  async stop(): Promise<void> {
    await this.#closeCandidate();
    this.#statements?.database.close();
    this.#statements = null;
  }

  async candidate(id: string): Promise<ProjectionStore> {
    if (this.#candidate?.id === id) return this.#candidate.store;
    const { database } = this.#live;
    await this.#closeCandidate();
    const store = await openCandidate(this.#options, id).catch((error: unknown) =>
      available(() => {
        throw error;
      }),
    );
    try {
      available(() => {
        const file = pathToFileURL(candidatePath(this.#options.path));
        database.prepare("ATTACH DATABASE ? AS candidate").run(`${file.href}?mode=ro`);
      });
    } catch (error) {
      await store.stop();
      throw error;
    }
    this.#candidate = { id, store };
    return store;
  }

  async drop(): Promise<void> {
    await this.#closeCandidate();
    available(() => removeCandidate(this.#options.path));
  }

  async mark(side: ProjectionSide): Promise<string> {
    return this.#read(side, (statements) => readMark(statements, side));
  }

  async rows(side: ProjectionSide, request: RowsRequest): Promise<readonly DataRow[]> {
    return this.#read(side, (statements) => readRows(statements, side, request));
  }

  async switchOver(order: SwitchOrder): Promise<SwitchResult> {
    const { database } = this.#live;
    return available(() => accepted(() => switchOver(database, order, this.#candidate?.id === order.id)));
  }

  async switched(): Promise<Switched | null> {
    const { database } = this.#live;
    return available(() => readSwitch(database));
  }

  async rollBack(id: string, consumer: string): Promise<boolean> {
    const statements = this.#live;
    return available(() => accepted(() => rollBack(statements, id, consumer)));
  }

  get #live(): StatementCache {
    if (!this.#statements) throw new ProjectionUnavailable("the rebuild of the projection is not started");
    return this.#statements;
  }

  #read<T>(side: ProjectionSide, work: (statements: StatementCache) => T): T {
    const statements = this.#live;
    if (side === "candidate" && !this.#candidate) throw new ProjectionUnavailable("there is no candidate");
    return available(() => work(statements));
  }

  /** The store last: the last connection to a file takes its write-ahead log away. */
  async #closeCandidate(): Promise<void> {
    const candidate = this.#candidate;
    if (!candidate) return;
    available(() => this.#live.database.exec("DETACH DATABASE candidate"));
    this.#candidate = null;
    await candidate.store.stop();
  }
}

/** What people have added to the tables may refuse rows. */
const accepted = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!isDataError(error)) throw error;
    throw new RebuildImpossible(
      `the projection refuses a row: ${(error as Error).message}. What refuses it (a trigger, an index or a column that ` +
        "was added to a table of the projection) has to let it pass, or to go",
      { cause: error },
    );
  }
};
