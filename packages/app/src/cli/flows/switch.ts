/** `sluice flows enable` and `disable`. */
import { dataOf, type Schema } from "@sluice/contracts/client";
import { apiOf } from "../api.ts";
import { findGateway } from "../connection.ts";
import { print, printJson } from "../output.ts";
import type { ReadFlags } from "./read.ts";

export const switchFlows = async (
  verb: "enable" | "disable",
  codes: readonly string[],
  flags: ReadFlags,
): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const flows: Schema<"Flow">[] = [];
  for (const code of codes) {
    flows.push(dataOf(await api.POST(`/api/v1/flows/{code}/${verb}`, { params: { path: { code } } })));
    if (!flags.json) await print(`${code} is ${verb}d`);
  }
  if (flags.json) await printJson(flows);
};
