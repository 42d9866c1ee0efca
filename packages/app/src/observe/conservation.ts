/**
 * The conservation law, from figures that come from different places: what the flows accepted is counted by ingest, what
 * became of it is counted by the sinks, each in the transaction that did it.
 *
 * Per action: accepted = done + pending + dead + discarded, where `pending` is what the sink has not yet taken from the
 * log plus, for an endpoint, what its queue holds. `imbalance` is what does not add up: 0 unless something was lost or
 * counted twice.
 */
import type { ActionCounts } from "@sluice/contracts";
import type { FlowState } from "@sluice/domain";
import { countKey, groupOf } from "../sinks/forwarder.ts";
import type { ForwarderReport, ProjectorReport } from "../sinks/sink-protocol.ts";

export interface ActionBalance extends ActionCounts {
  readonly flow: string;
  readonly imbalance: number;
}

/**
 * @param quiet    nothing came in while the report was made
 * @param current  the flow's figures have in them what other gateways wrote
 */
export const storeBalance = (
  flow: FlowState,
  action: string,
  report: ProjectorReport | undefined,
  { quiet, current }: { readonly quiet: boolean; readonly current: boolean },
): ActionBalance => {
  const accepted = flow.owed[action] ?? 0;
  const counts = report?.counts.get(groupOf(flow.code, action));
  const { done = 0, dead = 0, discarded = 0 } = counts ?? {};
  const settled = done + dead + discarded;
  // While messages come in, the two figures belong to different moments: only too many settled is wrong then.
  const caughtUp = quiet && current && report !== undefined && report.sink.lagEvents === 0;
  return {
    flow: flow.code,
    action,
    accepted,
    done,
    pending: caughtUp ? 0 : accepted - settled,
    dead,
    discarded,
    imbalance: caughtUp ? accepted - settled : current ? Math.min(0, accepted - settled) : 0,
  };
};

export const endpointBalance = (
  flow: FlowState,
  action: string,
  report: ForwarderReport | undefined,
): ActionBalance => {
  const accepted = flow.owed[action] ?? 0;
  const group = groupOf(flow.code, action);
  const count = (what: "dispatched" | "done" | "dead" | "discarded") => report?.counts.get(countKey(group, what)) ?? 0;
  const statistics = report?.groups.get(group);
  const queued = (statistics?.waiting ?? 0) + (statistics?.leased ?? 0);
  const settled = count("done") + count("dead") + count("discarded");
  return {
    flow: flow.code,
    action,
    accepted,
    done: count("done"),
    pending: accepted - count("dispatched") + queued,
    dead: count("dead"),
    discarded: count("discarded"),
    imbalance: count("dispatched") - settled - queued,
  };
};
