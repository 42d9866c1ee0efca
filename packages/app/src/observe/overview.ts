/** One consistent look at the whole gateway: what health, metrics and the API's counts are made from. */
import type { ActionCounts } from "@sluice/contracts";
import type { Clock, FlowState, SourceStatus } from "@sluice/domain";
import type { BrokerSet } from "../brokers/broker-set.ts";
import type { BrokerFault } from "../brokers/broker-settings.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import type { IngestPipeline, IngestStatus } from "../ingest/ingest-pipeline.ts";
import type { Publishers, PublishersReport } from "../publishing/publishers.ts";
import { groupOf } from "../sinks/forwarder.ts";
import type { ForwarderReport, ProjectorReport, SealerReport } from "../sinks/sink-protocol.ts";
import type { SinkAnswer, SinkThread } from "../sinks/sink-thread.ts";
import { answerWithin } from "../system/answer-within.ts";
import { type ActionBalance, endpointBalance, storeBalance } from "./conservation.ts";

export interface Overview {
  readonly ingest: IngestStatus;
  readonly sources: readonly SourceStatus[];
  readonly brokerFaults: readonly BrokerFault[];
  readonly projector: SinkAnswer;
  readonly forwarder: SinkAnswer;
  /** Null where nothing is sealed. */
  readonly sealer: SinkAnswer | null;
  readonly publishing: PublishersReport;
  /** Nothing came in while the sinks were asked, and nothing was uncommitted. */
  readonly quiet: boolean;
  /** The flows' figures have in them what other gateways wrote. */
  readonly current: boolean;
}

export interface OverviewDependencies {
  readonly registry: FlowRegistry;
  readonly pipeline: IngestPipeline;
  readonly brokers: BrokerSet;
  readonly projector: SinkThread;
  readonly forwarder: SinkThread;
  readonly sealer: SinkThread | null;
  readonly publishing: Pick<Publishers, "report">;
  readonly clock: Clock;
}

/** That looking at what others wrote may take. */
const REFRESH_MS = 2_000;

export const takeOverview = async (deps: OverviewDependencies): Promise<Overview> => {
  const before = deps.pipeline.status();
  const [projector, forwarder, sealer] = await Promise.all([
    deps.projector.report(),
    deps.forwarder.report(),
    deps.sealer?.report() ?? null,
  ]);
  // After the sinks: what they have dealt with is in the log.
  const current = await answerWithin(REFRESH_MS, deps.registry.refresh(deps.clock.now())).catch(() => false);
  const ingest = deps.pipeline.status();
  const nothingNew = before.messages === ingest.messages && before.events === ingest.events;
  const quiet = before.uncommitted + ingest.uncommitted === 0 && nothingNew;
  const publishing = await deps.publishing.report();
  const { sources, faults: brokerFaults } = deps.brokers.status();
  return { ingest, sources, brokerFaults, projector, forwarder, sealer, publishing, quiet, current };
};

export const projectorReport = (overview: Pick<Overview, "projector">): ProjectorReport | undefined =>
  "report" in overview.projector && overview.projector.report.role === "projector"
    ? overview.projector.report
    : undefined;

export const forwarderReport = (overview: Pick<Overview, "forwarder">): ForwarderReport | undefined =>
  "report" in overview.forwarder && overview.forwarder.report.role === "forwarder"
    ? overview.forwarder.report
    : undefined;

export const sealerReport = ({ sealer }: Pick<Overview, "sealer">): SealerReport | undefined =>
  sealer !== null && "report" in sealer && sealer.report.role === "sealer" ? sealer.report : undefined;

/** Balances of a living flow's actions, and of those that it had before and still owes for. */
export const balancesOf = (flow: FlowState, overview: Overview): ActionBalance[] => {
  const types = new Map(flow.definition?.actions.map((action) => [action.id, action.type]));
  const forwarder = forwarderReport(overview);
  const actions = new Set([...types.keys(), ...Object.keys(flow.owed)]);
  return [...actions].map((action) => {
    const isEndpoint = types.has(action)
      ? types.get(action) === "POST_ENDPOINT"
      : (forwarder?.groups.has(groupOf(flow.code, action)) ?? false);
    return isEndpoint
      ? endpointBalance(flow, action, forwarder)
      : storeBalance(flow, action, projectorReport(overview), overview);
  });
};

export const toActionCounts = ({ action, accepted, done, pending, dead, discarded }: ActionBalance): ActionCounts => ({
  action,
  accepted,
  done,
  pending,
  dead,
  discarded,
});
