export type { DatabaseOptions, EventStoreOptions } from "./config.ts";
export { UnusableDatabase } from "./connection.ts";
export { SqliteEventStore } from "./event-store.ts";
export { SqliteFlowSource } from "./flow-source.ts";
export { SqliteInFlightStore } from "./in-flight-store.ts";
export { SqliteMessageSpool, type SqliteSpoolOptions } from "./message-spool.ts";
export { SqliteOfflineQueue, type SqliteQueueOptions } from "./offline-queue.ts";
export { type SqliteProjectionOptions, SqliteProjectionStore } from "./projection-store.ts";
export { SqliteSnapshotStore } from "./snapshot-store.ts";
