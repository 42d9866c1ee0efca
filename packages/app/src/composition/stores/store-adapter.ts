/** What an adapter package offers where a store is, as the composition wants it. */
import type { Clock, EventStore, FlowSource, ProjectionRebuild, ProjectionStore, SinkLease } from "@sluice/domain";
import type { Logger } from "pino";

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
