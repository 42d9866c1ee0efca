import {
  SqliteEventStore,
  SqliteFlowSource,
  SqliteProjectionRebuild,
  SqliteProjectionStore,
} from "@sluice/adapter-sqlite";
import { soleSink } from "../../sinks/sole-sink.ts";
import type { LogStores, ProjectionStores } from "./store-adapter.ts";

export const logStores = (path: string): LogStores => ({
  eventStore: ({ clock, threads }) => new SqliteEventStore({ path, clock, threads }),
  sinkLease: () => soleSink,
});

export const projectionStores = (path: string): ProjectionStores => ({
  projectionStore: ({ clock }) => new SqliteProjectionStore({ path, clock }),
  projectionRebuild: ({ clock }) => new SqliteProjectionRebuild({ path, clock }),
  flowSource: () => new SqliteFlowSource({ path }),
});
