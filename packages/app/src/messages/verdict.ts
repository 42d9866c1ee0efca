import type { FlowTestResult, ValidationError } from "@sluice/contracts";
import type { Fact } from "@sluice/domain";

export interface Verdict {
  readonly verdict: NonNullable<FlowTestResult["verdict"]>;
  readonly errors: ValidationError[];
}

/** What a flow made of a message, from the facts about the two. An accepted one that breached a threshold is flagged. */
export const verdictOf = (facts: readonly Fact[]): Verdict => {
  const failed = facts.find((fact) => fact.type === "ValidationFailed")?.data;
  const breached = facts.some((fact) => fact.type === "ThresholdBreached");
  return { verdict: failed?.disposition ?? (breached ? "flagged" : "accepted"), errors: failed?.errors ?? [] };
};
