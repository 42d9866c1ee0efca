export type { EventStoreDbOptions } from "./config.ts";
export { UnusableSetting } from "./config.ts";
export { EventStoreDbEventStore } from "./event-store.ts";
