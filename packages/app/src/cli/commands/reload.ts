/** `sluice reload`: the tables of flows and brokers, read now. */
import type { ReloadResult } from "@sluice/contracts";
import type { Command } from "commander";
import type { ConnectionFlags } from "../connection.ts";
import { withConnection, withExamples, withJson } from "../options.ts";
import { coloured, harmless, print, printJson } from "../output.ts";

interface ReloadFlags extends ConnectionFlags {
  readonly json?: true;
}

export const defineReload = (program: Command): void => {
  const command = program
    .command("reload")
    .summary("read the tables of flows and brokers now")
    .description(
      "Let the gateway read the tables flows and mqtt_servers now, and show what has changed. Without it they are read " +
        "every FLOWS_RELOAD_INTERVAL_SECONDS. Exits with 1 when rows were refused.",
    )
    .action(reload);
  withExamples(withConnection(withJson(command)), "reload", "reload --json | jq .flows.refused");
};

const reload = async (flags: ReloadFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { dataOf } = await import("@sluice/contracts/client");
  const { apiOf } = await import("../api.ts");
  const body: ReloadResult = dataOf(await apiOf(findGateway(flags)).POST("/api/v1/reload"));
  if (flags.json) await printJson(body);
  else await show(body);
  const { refused } = body.flows;
  if (refused.length === 0) return;
  const { CommandError } = await import("../command-error.ts");
  throw new CommandError(refused.length === 1 ? "a row was refused" : `${refused.length} rows were refused`, {
    details: refused.flatMap(({ code, errors }) =>
      errors.map(({ pointer, message }) => harmless(`${code}, ${pointer.slice(1)}: ${message}`)),
    ),
    hint: "their flows stay as they are; mend the rows and reload",
  });
};

const show = async ({ flows, brokers }: ReloadResult): Promise<void> => {
  const { refused, overruled, ...changed } = flows;
  const line = (colour: "green" | "yellow", what: string, whose: string) =>
    `${coloured(colour, what)} ${harmless(whose)}`;
  const { unchanged: _unchanged, ...changedBrokers } = brokers;
  const lines = [
    ...Object.entries(changed).flatMap(([what, codes]) => codes.map((code) => line("green", what, code))),
    ...Object.entries(changedBrokers).flatMap(([what, names]) =>
      names.map((name) => line("green", what, `broker ${name}`)),
    ),
    ...overruled.map(({ code }) => line("yellow", "overruled", `${code}: it was changed elsewhere first`)),
  ];
  for (const text of lines) await print(text);
  if (lines.length === 0 && refused.length === 0) await print("no changes");
};
