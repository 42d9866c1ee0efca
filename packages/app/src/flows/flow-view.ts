/** A flow as the API shows it. */
import type { ActionCounts, FlowAt, FlowDefinition, FlowView } from "@sluice/contracts";
import type { FlowState } from "@sluice/domain";

/** @param state of a flow that is or was defined */
export const flowAtView = (state: FlowState): Omit<FlowAt, "lastMessageNumber" | "counters"> => ({
  ...(state.definition as FlowDefinition),
  enabled: state.status === "enabled",
  version: state.version,
  createdAt: state.createdAt as string,
  updatedAt: state.updatedAt as string,
});

/** @param state of a living flow */
export const flowView = (state: FlowState, actionCounts: readonly ActionCounts[]): FlowView => ({
  ...flowAtView(state),
  lastMessageNumber: state.lastMessageNumber,
  lastReceivedAt: state.lastReceivedAt,
  counters: state.counters,
  actionCounts: [...actionCounts],
});
