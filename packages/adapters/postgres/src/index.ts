export type { PostgresEventStoreOptions, PostgresOptions } from "./config.ts";
export { UnusableDatabase } from "./connection.ts";
export { PostgresEventStore } from "./event-store.ts";
