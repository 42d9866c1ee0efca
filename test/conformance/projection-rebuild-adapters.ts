/** The rebuilds that the conformance suite runs over, each with the projection store whose database it works in. */
import { MariadbProjectionRebuild } from "@sluice/adapter-mariadb";
import { PostgresProjectionRebuild } from "@sluice/adapter-postgres";
import { SqliteProjectionRebuild } from "@sluice/adapter-sqlite";
import type { Clock, ProjectionRebuild } from "@sluice/domain";
import { postgresUrl } from "../support/postgres.ts";
import { type ProjectionStoreAdapter, projectionStoreAdapters } from "./projection-store-adapters.ts";
import { mariadbOptions, mariadb as mariadbStore } from "./projection-store-mariadb.ts";
import { postgres as postgresStore } from "./projection-store-postgres.ts";

export interface ProjectionRebuildAdapter {
  readonly name: string;
  /** Makes the databases, and opens the live projection. */
  readonly store: ProjectionStoreAdapter;
  /** Not started yet. */
  open(location: string, clock: Clock): ProjectionRebuild;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const sqliteStore = projectionStoreAdapters.find(({ name }) => name === "sqlite") as ProjectionStoreAdapter;

const sqlite: ProjectionRebuildAdapter = {
  name: "sqlite",
  store: sqliteStore,
  open: (path, clock) => new SqliteProjectionRebuild({ path, clock }),
  notSupported: {},
};

const mariadb: ProjectionRebuildAdapter = {
  name: "mariadb",
  store: mariadbStore,
  open: (location, clock) => new MariadbProjectionRebuild({ ...mariadbOptions(location), clock }),
  notSupported: {},
};

const postgres: ProjectionRebuildAdapter = {
  name: "postgres",
  store: postgresStore,
  open: (schema, clock) => new PostgresProjectionRebuild({ url: postgresUrl, schema, clock }),
  notSupported: {},
};

export const projectionRebuildAdapters: readonly ProjectionRebuildAdapter[] = [sqlite, mariadb, postgres];
