/** One token a service. The token's type carries the service's, so that swapped tokens do not compile. */
import type { Configuration } from "@sluice/contracts";
import type {
  Clock,
  EndpointGateway,
  EventStore,
  FlowSource,
  IdSource,
  OfflineQueue,
  PayloadCodec,
  PayloadValidator,
  ProjectionRebuild,
  ProjectionStore,
  SealStore,
  SinkLease,
  SnapshotStore,
} from "@sluice/domain";
import type { ServiceIdentifier } from "inversify";
import type { Logger } from "pino";
import type { BrokerSet } from "../brokers/broker-set.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import type { IngestPipeline } from "../ingest/ingest-pipeline.ts";
import type { Spool } from "../ingest/spool.ts";
import type { Publishers } from "../publishing/publishers.ts";
import type { SinkFlow } from "../sinks/sink-protocol.ts";

const token = <T>(name: string): ServiceIdentifier<T> => Symbol(name);

export const tokens = {
  configuration: token<Configuration>("configuration"),
  log: token<Logger>("log"),
  clock: token<Clock>("clock"),
  ids: token<IdSource>("ids"),
  eventStore: token<EventStore>("event store"),
  projectionStore: token<ProjectionStore>("projection store"),
  projectionRebuild: token<ProjectionRebuild>("rebuild of the projection"),
  flowSource: token<FlowSource>("flow source"),
  snapshotStore: token<SnapshotStore>("snapshot store"),
  sealStore: token<SealStore>("seal store"),
  deliveryQueue: token<OfflineQueue>("delivery queue"),
  endpointGateway: token<EndpointGateway>("endpoint gateway"),
  codec: token<PayloadCodec>("payload codec"),
  validator: token<PayloadValidator>("payload validator"),
  brokers: token<BrokerSet>("brokers"),
  publishers: token<Publishers>("publishers"),
  registry: token<FlowRegistry>("flow registry"),
  /** Null where the log is a file of this machine: then there is nothing to be cut off from. */
  spool: token<Spool | null>("spool"),
  pipeline: token<IngestPipeline>("ingest pipeline"),
  sinkLease: token<SinkLease>("lease of a sink"),
  sinkFlows: token<ReadonlyMap<string, SinkFlow>>("flows of a sink"),
};
