export type { EventStoreDbOptions } from "./config.ts";
export { UnusableDatabase } from "./config.ts";
export { EventStoreDbEventStore } from "./event-store.ts";
