/** The flow sources that the conformance suite runs over, each beside the projection store of its database. */
import { MariadbFlowSource } from "@sluice/adapter-mariadb";
import { PostgresFlowSource } from "@sluice/adapter-postgres";
import { SqliteFlowSource } from "@sluice/adapter-sqlite";
import type { FlowSource } from "@sluice/domain";
import { postgresUrl } from "../support/postgres.ts";
import { type ProjectionStoreAdapter, projectionStoreAdapters } from "./projection-store-adapters.ts";
import { mariadbOptions } from "./projection-store-mariadb.ts";

export interface FlowSourceAdapter {
  readonly name: string;
  readonly projection: ProjectionStoreAdapter;
  /** The location as PROJECTION_URL. */
  url(location: string): string;
  /** Not started yet. */
  open(location: string): FlowSource;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const projectionOf = (name: string): ProjectionStoreAdapter => {
  const found = projectionStoreAdapters.find((adapter) => adapter.name === name);
  if (found === undefined) throw new Error(`there is no projection store ${name}`);
  return found;
};

export const flowSourceAdapters: readonly FlowSourceAdapter[] = [
  {
    name: "sqlite",
    projection: projectionOf("sqlite"),
    url: (path) => `sqlite:${path}`,
    open: (path) => new SqliteFlowSource({ path }),
    notSupported: {},
  },
  {
    name: "mariadb",
    projection: projectionOf("mariadb"),
    url: (location) => location,
    open: (location) => new MariadbFlowSource(mariadbOptions(location)),
    notSupported: {},
  },
  {
    name: "postgres",
    projection: projectionOf("postgres"),
    url: (schema) => `${postgresUrl}?schema=${schema}`,
    open: (schema) => new PostgresFlowSource({ url: postgresUrl, schema }),
    notSupported: {},
  },
];
