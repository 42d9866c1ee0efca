/** Options that several commands share, and the configuration that comes of them. */
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { Type } from "typebox";
import { type LoadedConfiguration, loadConfiguration } from "../config/load.ts";
import { fields, flagName } from "../config/names.ts";
import { CommandError } from "./command-error.ts";

export type LoadedOk = Extract<LoadedConfiguration, { ok: true }>;

const examplesOf = new WeakMap<Command, string>();

/** Examples at the end of a command's help. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command => {
  const text = `Examples:\n${examples.map((example) => `  $ sluice ${example}`).join("\n")}\n`;
  examplesOf.set(command, text);
  return command.addHelpText("after", `\n${text.trimEnd()}`);
};

/** A command's whole help. */
export const helpOf = (command: Command): string => {
  const examples = examplesOf.get(command);
  return command.helpInformation() + (examples === undefined ? "" : `\n${examples}`);
};

export const withJson = (command: Command): Command => command.option("--json", "print JSON for machines");

const configOption = (command: Command): Command =>
  command.option("--config <file>", "config file, JSON, YAML or key=value (SLUICE_CONFIG)");

/** Every setting as a flag; of secrets only the file, since arguments can be read by every user of the machine. */
export const withConfigurationFlags = (command: Command): Command => {
  configOption(command).optionsGroup("Settings (see docs/configuration.md):");
  for (const [, field] of fields) {
    if (!field.secret || field.kind === "url") {
      const isBoolean = Type.IsBoolean(field.schema);
      const value = isBoolean ? "[boolean]" : field.kind === "file" ? "<file>" : "<value>";
      const option = new Option(`${flagName(field.env)} ${value}`, `${field.description} (${field.env})`);
      if (isBoolean) option.preset("true");
      command.addOption(option);
    }
    if (field.secret) {
      command.option(`${flagName(`${field.env}_FILE`)} <file>`, `File that holds ${field.env}.`);
    }
  }
  return command;
};

/** How to find the gateway that a command talks to. */
export const withConnection = (command: Command): Command =>
  configOption(
    command
      .option("--url <url>", "admin API of the gateway (default: of the one that runs in DATA_DIR)")
      .option("--token <token>", "bearer token (default: ADMIN_TOKEN, else the one in DATA_DIR)")
      .option("--data-dir <directory>", "DATA_DIR of the gateway (default: ./data)"),
  );

export const readConfiguration = (flags: Readonly<Record<string, unknown>>): LoadedConfiguration =>
  loadConfiguration({
    env: process.env,
    flags,
    readFile: (path) => readFileSync(path, "utf8"),
    cwd: process.cwd(),
  });

/** @throws CommandError with every error, exit code 2 */
export const requireConfiguration = (flags: Readonly<Record<string, unknown>>): LoadedOk => {
  const loaded = readConfiguration(flags);
  if (loaded.ok) return loaded;
  throw badConfiguration(loaded.errors);
};

export const badConfiguration = (errors: readonly string[]): CommandError =>
  new CommandError(`the configuration has ${errors.length === 1 ? "an error" : `${errors.length} errors`}`, {
    exitCode: 2,
    details: errors,
    hint: "`sluice start --help` and docs/configuration.md list every setting",
  });
