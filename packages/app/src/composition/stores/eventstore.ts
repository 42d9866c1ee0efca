import { EventStoreDbEventStore } from "@sluice/adapter-eventstore";
import { soleSink } from "../../sinks/sole-sink.ts";
import type { LogStores } from "./store-adapter.ts";

/** EventStoreDB has no locks: one gateway a log. */
export const logStores = (connectionString: string): LogStores => ({
  eventStore: () => new EventStoreDbEventStore({ url: connectionString }),
  sinkLease: () => soleSink,
});
