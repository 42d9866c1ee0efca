/** The flow sources that the conformance suite runs over, each beside the projection store of its database. */
import { MariadbFlowSource } from "@sluice/adapter-mariadb";
import { SqliteFlowSource } from "@sluice/adapter-sqlite";
import type { FlowSource } from "@sluice/domain";
import { type ProjectionStoreAdapter, projectionStoreAdapters } from "./projection-store-adapters.ts";
import { mariadbOptions } from "./projection-store-mariadb.ts";

export interface FlowSourceAdapter {
  readonly name: string;
  readonly projection: ProjectionStoreAdapter;
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
    open: (path) => new SqliteFlowSource({ path }),
    notSupported: {},
  },
  {
    name: "mariadb",
    projection: projectionOf("mariadb"),
    open: (location) => new MariadbFlowSource(mariadbOptions(location)),
    notSupported: {},
  },
];
