/** `sluice config`: the effective settings and where each is from. */
import type { Command } from "commander";
import { describeConfiguration } from "../../config/describe.ts";
import { badConfiguration, readConfiguration, withConfigurationFlags, withExamples, withJson } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { table } from "../table.ts";

export const defineConfig = (program: Command): void => {
  const command = program
    .command("config")
    .summary("show the effective settings and where each is from")
    .description("Check the settings and show the effective ones, and where each is from. Secrets are hidden.")
    .action(showConfig);
  withExamples(withConfigurationFlags(withJson(command)), "config", "config --config sluice.yaml --json");
};

const showConfig = async ({ json, ...flags }: { json?: true } & Record<string, unknown>): Promise<void> => {
  const loaded = readConfiguration(flags);
  if (!loaded.ok) {
    if (json) await printJson({ valid: false, errors: loaded.errors });
    throw badConfiguration(loaded.errors);
  }
  const settings = describeConfiguration(loaded.configuration, loaded.sources);
  if (json) {
    await printJson({ valid: true, settings, warnings: loaded.warnings });
    return;
  }
  await print(
    table(
      [
        { header: "SETTING", value: ({ variable }) => variable },
        { header: "VALUE", value: ({ value }) => (value === null ? "(not set)" : `${value}`), flexible: true },
        { header: "FROM", value: ({ source }) => source },
      ],
      settings,
    ),
  );
  for (const warning of loaded.warnings) note(`warning: ${warning}`);
};
