/** The rebuilds that the conformance suite runs over, each with the projection store whose database it works in. */
import { MariadbProjectionRebuild } from "@sluice/adapter-mariadb";
import type { Clock, ProjectionRebuild } from "@sluice/domain";
import type { ProjectionStoreAdapter } from "./projection-store-adapters.ts";
import { mariadbOptions, mariadb as mariadbStore } from "./projection-store-mariadb.ts";

export interface ProjectionRebuildAdapter {
  readonly name: string;
  /** Makes the databases, and opens the live projection. */
  readonly store: ProjectionStoreAdapter;
  /** Not started yet. */
  open(location: string, clock: Clock): ProjectionRebuild;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const mariadb: ProjectionRebuildAdapter = {
  name: "mariadb",
  store: mariadbStore,
  open: (location, clock) => new MariadbProjectionRebuild({ ...mariadbOptions(location), clock }),
  notSupported: {},
};

export const projectionRebuildAdapters: readonly ProjectionRebuildAdapter[] = [mariadb];
