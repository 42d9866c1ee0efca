export type { DatabaseOptions, EventStoreOptions } from "./config.ts";
export { UnusableDatabase } from "./connection.ts";
export { SqliteEventStore } from "./event-store.ts";
