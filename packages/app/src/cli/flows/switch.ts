/** `sluice flows enable` and `disable`. */
import type { FlowView } from "@sluice/contracts";
import { ApiClient } from "../api-client.ts";
import { findGateway } from "../connection.ts";
import { print, printJson } from "../output.ts";
import type { ReadFlags } from "./read.ts";

export const switchFlows = async (
  verb: "enable" | "disable",
  codes: readonly string[],
  flags: ReadFlags,
): Promise<void> => {
  const { adminUrl, token } = findGateway(flags);
  const api = new ApiClient(adminUrl, token);
  const flows: FlowView[] = [];
  for (const code of codes) {
    const path = `/api/v1/flows/${encodeURIComponent(code)}/${verb}`;
    const { body } = await api.request<FlowView>(path, { method: "POST" });
    flows.push(body);
    if (!flags.json) await print(`${code} is ${verb}d`);
  }
  if (flags.json) await printJson(flows);
};
