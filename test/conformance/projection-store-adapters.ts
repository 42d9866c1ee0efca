/** The projection stores that the conformance suite runs over, and that its child processes open by name. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SqliteProjectionStore } from "@sluice/adapter-sqlite";
import type { Clock, ProjectionStore } from "@sluice/domain";
import { mariadb } from "./projection-store-mariadb.ts";
import { postgres } from "./projection-store-postgres.ts";

export interface ProjectionStoreAdapter {
  readonly name: string;
  /** Why this machine cannot run it; null when it can. */
  unavailable(): Promise<string | null>;
  /** Makes an empty database. Its location means the same in every process of this machine. */
  create(): Promise<{ readonly location: string; remove(): Promise<void> }>;
  /** Not started yet. Any number may be open on one location. */
  open(location: string, clock: Clock): ProjectionStore;
  /** Runs one statement, in SQL that every database understands, on a connection of its own. */
  query(location: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Makes the tables of the older gateway in the empty database, as its own database layer does. */
  createOlderTables(location: string): Promise<void>;
  /** Lets the started database refuse rows of the `data` table with this attribute name; null: no longer. */
  refuse(location: string, attribute: string | null): Promise<void>;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const withDatabase = <T>(path: string, work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

const sqlite: ProjectionStoreAdapter = {
  name: "sqlite",
  unavailable: async () => null,
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-projection-store-"));
    return {
      location: join(directory, "projection.db"),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
  open: (path, clock) => new SqliteProjectionStore({ path, clock }),
  query: async (path, sql) => withDatabase(path, (database) => database.prepare(sql).all()),
  createOlderTables: async (path) =>
    withDatabase(path, (database) =>
      // As SQLAlchemy writes the older gateway's models for SQLite.
      database.exec(`
        CREATE TABLE mqtt_servers (
          id INTEGER NOT NULL, host VARCHAR(255) NOT NULL, port INTEGER NOT NULL, username VARCHAR(255),
          password VARCHAR(255), enabled BOOLEAN NOT NULL, is_default BOOLEAN NOT NULL, PRIMARY KEY (id));
        CREATE TABLE flows (
          id INTEGER NOT NULL, code VARCHAR(100) NOT NULL, description VARCHAR(255) NOT NULL,
          topic VARCHAR(255) NOT NULL, action VARCHAR(30) NOT NULL, payload_schema JSON NOT NULL,
          endpoint_url VARCHAR(500), last_msg_id INTEGER NOT NULL, enabled BOOLEAN NOT NULL,
          PRIMARY KEY (id), UNIQUE (code));
        CREATE TABLE data (
          id INTEGER NOT NULL, received_at DATETIME NOT NULL, flow_code VARCHAR(100) NOT NULL,
          attribute_name VARCHAR(255) NOT NULL, attribute_value TEXT NOT NULL, last_msg_id INTEGER NOT NULL,
          PRIMARY KEY (id));
        CREATE INDEX ix_data_flow_code ON data (flow_code);
      `),
    ),
  refuse: async (path, attribute) =>
    withDatabase(path, (database) => {
      database.exec("DROP TRIGGER IF EXISTS refuse");
      if (attribute === null) return;
      database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON data WHEN new.attribute_name = '${attribute}'
        BEGIN SELECT RAISE (ABORT, 'this attribute is refused'); END`);
    }),
  notSupported: {},
};

export const projectionStoreAdapters: readonly ProjectionStoreAdapter[] = [sqlite, mariadb, postgres];
