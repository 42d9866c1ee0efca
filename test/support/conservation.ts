/** The conservation law as the metrics export it, checked for every flow and every action. */
import assert from "node:assert/strict";
import type { GatewayProcess } from "./gateway-process.ts";

export const assertConservation = async (gateway: GatewayProcess): Promise<void> => {
  const { body } = await gateway.api<string>("/metrics");
  const samples = new Map<string, Map<string, number>>();
  for (const line of body.split("\n")) {
    const match = /^sluice_(\w+)\{(.*)\} (\S+)$/.exec(line);
    if (match === null) continue;
    const [, name, labels, value] = match as unknown as [string, string, string, string];
    const series = samples.get(name) ?? new Map<string, number>();
    series.set(labels, Number(value));
    samples.set(name, series);
  }
  const of = (name: string, labels: string): number => samples.get(name)?.get(labels) ?? Number.NaN;
  const flows = [...(samples.get("flow_received_total")?.keys() ?? [])];
  assert.ok(flows.length > 0, "metrics name no flow");
  for (const flow of flows) {
    assert.equal(
      of("flow_received_total", flow),
      of("flow_accepted_total", flow) + of("flow_rejected_total", flow),
      `received = accepted + rejected for ${flow}`,
    );
  }
  const actions = [...(samples.get("action_accepted")?.keys() ?? [])];
  assert.ok(actions.length > 0, "metrics name no action");
  for (const action of actions) {
    const [done, pending, dead, discarded] = ["done", "pending", "dead", "discarded"].map((what) =>
      of(`action_${what}`, action),
    ) as [number, number, number, number];
    assert.equal(of("action_accepted", action), done + pending + dead + discarded, `conservation for ${action}`);
    assert.equal(of("action_imbalance", action), 0, `imbalance of ${action}`);
  }
};
