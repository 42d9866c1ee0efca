/** What a reload answers. */
import type { ReloadResult } from "@sluice/contracts";
import type { FlowSourceContent, FlowTableItem } from "@sluice/domain";
import { overruledRow } from "./refused-rows.ts";

export type ReloadedFlows = ReloadResult["flows"];
type Command = Extract<FlowTableItem, { kind: "command" }>;
type Refused = Extract<FlowTableItem, { kind: "refused" }>;

/** Of several looks: rows that are refused are so at each. */
export const together = (before: ReloadedFlows, after: ReloadedFlows): ReloadedFlows => ({
  defined: [...before.defined, ...after.defined],
  revised: [...before.revised, ...after.revised],
  enabled: [...before.enabled, ...after.enabled],
  disabled: [...before.disabled, ...after.disabled],
  retired: [...before.retired, ...after.retired],
  refused: after.refused,
  overruled: [...before.overruled, ...after.overruled],
});

export const summary = (
  done: readonly Command[],
  refused: readonly Refused[],
  { overruled }: FlowSourceContent,
): ReloadedFlows => {
  const codes = (kind: Command["command"]["kind"]): string[] =>
    done.filter(({ command }) => command.kind === kind).map(({ code }) => code);
  return {
    defined: codes("define"),
    revised: codes("revise"),
    enabled: codes("enable"),
    disabled: codes("disable"),
    retired: codes("retire"),
    refused: refused.map(({ code, errors }) => ({ code, errors: [...errors] })),
    overruled: overruled.map((edit) => {
      const { code, row } = overruledRow("", edit).data;
      return { code, row };
    }),
  };
};
