/** The rebuilds that the conformance suite runs over, each with the projection store whose database it works in. */
import { SqliteProjectionRebuild } from "@sluice/adapter-sqlite";
import type { Clock, ProjectionRebuild } from "@sluice/domain";
import { type ProjectionStoreAdapter, projectionStoreAdapters } from "./projection-store-adapters.ts";

export interface ProjectionRebuildAdapter {
  readonly name: string;
  /** Makes the databases, and opens the live projection. */
  readonly store: ProjectionStoreAdapter;
  /** Not started yet. */
  open(location: string, clock: Clock): ProjectionRebuild;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const storeOf = (name: string): ProjectionStoreAdapter => {
  const store = projectionStoreAdapters.find((one) => one.name === name);
  if (!store) throw new Error(`no projection store ${name}`);
  return store;
};

const sqlite: ProjectionRebuildAdapter = {
  name: "sqlite",
  store: storeOf("sqlite"),
  open: (path, clock) => new SqliteProjectionRebuild({ path, clock }),
  notSupported: {},
};

export const projectionRebuildAdapters: readonly ProjectionRebuildAdapter[] = [sqlite];
