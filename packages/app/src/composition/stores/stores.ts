/**
 * From where a store is to the adapter that serves it. Only that adapter's package is read: the libraries of all of them
 * would be a third of what a thread of the gateway takes to start.
 */
import type { Clock, EventStore, FlowSource, ProjectionRebuild, ProjectionStore, SinkLease } from "@sluice/domain";
import type { Logger } from "pino";
import type { StoreLocation } from "../locations.ts";

/** `workers` where the calling thread has better things to do than to wait for a file, `inline` in a sink's own thread. */
export type StoreThreads = "workers" | "inline";

export interface LogDependencies {
  readonly clock: Clock;
  readonly threads: StoreThreads;
}

export interface ProjectionDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  readonly retentionDays: number | undefined;
}

/** Of the event log. */
export interface LogStores {
  eventStore(dependencies: LogDependencies): EventStore;
  /** Among the gateways on one log. */
  sinkLease(): SinkLease;
}

/** Of the projection's database. */
export interface ProjectionStores {
  projectionStore(dependencies: ProjectionDependencies): ProjectionStore;
  /** Beside that one. */
  projectionRebuild(dependencies: ProjectionDependencies): ProjectionRebuild;
  flowSource(): FlowSource;
}

export const logStoresAt = async (location: StoreLocation): Promise<LogStores> => {
  switch (location.kind) {
    case "sqlite":
      return (await import("./sqlite.ts")).logStores(location.path);
    case "postgres":
      return (await import("./postgres.ts")).logStores(location.url);
    case "eventstore":
      return (await import("./eventstore.ts")).logStores(location.connectionString);
    case "mariadb":
      throw new TypeError("MariaDB holds projections only");
  }
};

export const projectionStoresAt = async (location: StoreLocation): Promise<ProjectionStores> => {
  switch (location.kind) {
    case "sqlite":
      return (await import("./sqlite.ts")).projectionStores(location.path);
    case "postgres":
      return (await import("./postgres.ts")).projectionStores(location.url);
    case "mariadb":
      return (await import("./mariadb.ts")).projectionStores(location.url);
    case "eventstore":
      throw new TypeError("EventStoreDB holds the event log only");
  }
};
