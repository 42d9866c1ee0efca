export type { PostgresEventStoreOptions, PostgresOptions, PostgresProjectionOptions } from "./config.ts";
export { UnusableDatabase } from "./connection.ts";
export { PostgresEventStore } from "./event-store.ts";
export { PostgresFlowSource } from "./flow-source.ts";
export { inspectPostgres, type PostgresInspection } from "./inspect.ts";
export { PostgresProjectionRebuild } from "./projection-rebuild.ts";
export { PostgresProjectionStore } from "./projection-store.ts";
export { PostgresSinkLease } from "./sink-lease.ts";
