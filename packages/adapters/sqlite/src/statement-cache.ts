import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Prepared statements of one connection by their text; for a bounded number of texts, as none is ever dropped. */
export class StatementCache {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
