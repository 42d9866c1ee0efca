/** For programs that embed a gateway, and for tests; users start it through main.ts. */
export { BrokerSet, type BrokerSetStatus } from "./brokers/broker-set.ts";
export {
  type BrokerPlan,
  type BrokerSettings,
  type RemoteBrokerSettings,
  settingsOfServers,
} from "./brokers/broker-settings.ts";
export { openSource } from "./composition/open-source.ts";
export { countersAt } from "./flows/counters-at.ts";
export { FlowFollower } from "./flows/flow-follower.ts";
export { FlowConflict, FlowRegistry } from "./flows/flow-registry.ts";
export { FlowTables } from "./flows/flow-tables.ts";
export { type RunningGateway, startGateway } from "./gateway.ts";
export { IngestPipeline, type IngestReceipt, type IngestStatus } from "./ingest/ingest-pipeline.ts";
export { Spool, type SpoolReport } from "./ingest/spool.ts";
export { tellStory } from "./messages/message-story.ts";
export { messageLanes } from "./replay/message-jobs.ts";
export { NumberSet } from "./replay/number-set.ts";
export { ReplayBook } from "./replay/replay-book.ts";
export { orderOf } from "./replay/replay-order.ts";
export { ReplayRunner } from "./replay/replay-runner.ts";
export { Replays } from "./replay/replays.ts";
export { runWhatIf } from "./replay/what-if.ts";
export type { RunWhatIf } from "./replay/what-if-thread.ts";
export { ProjectorSink } from "./sinks/projector-sink.ts";
export { derivedId, systemClock, uuidv7 } from "./system/ids.ts";
