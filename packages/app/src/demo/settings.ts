/** The demo's configuration: embedded defaults, in a directory that is the demo's own. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Configuration, type ConfigurationKey, configurationFields } from "@sluice/contracts";
import { CommandError } from "../cli/command-error.ts";
import { badConfiguration } from "../cli/options.ts";
import { loadConfiguration } from "../config/load.ts";
import { DEMO_DIRECTORY } from "./directory.ts";

/** What may be changed; all else, a broker or database of the user's above all, is left alone. */
const USED: readonly ConfigurationKey[] = [
  "dataDir",
  "embeddedBrokerPort",
  "adminHost",
  "adminPort",
  "adminToken",
  "logLevel",
  "logDir",
];

export interface DemoSettings {
  readonly configuration: Configuration;
  /** Directories to try one after the other while another demo uses the one before. */
  readonly directories: readonly string[];
  /** Settings in the environment that the demo does not follow. */
  readonly ignored: readonly string[];
}

const DIRECTORIES = 9;

/** @throws CommandError on bad settings */
export const demoSettings = (
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, unknown>>,
  readFile: (path: string) => string,
): DemoSettings => {
  const names = USED.flatMap((key) => [configurationFields[key].env, `${configurationFields[key].env}_FILE`]);
  const loaded = loadConfiguration({
    env: Object.fromEntries(names.map((name) => [name, env[name]])),
    flags,
    readFile,
    cwd: process.cwd(),
  });
  if (!loaded.ok) throw badConfiguration(loaded.errors);
  const { configuration, sources } = loaded;
  const others = [...Object.values(configurationFields).map((field) => field.env), "SLUICE_CONFIG"];
  return {
    configuration: { ...configuration, logLevel: sources.logLevel === "default" ? "warn" : configuration.logLevel },
    directories:
      sources.dataDir === "default"
        ? Array.from({ length: DIRECTORIES }, (_, index) => DEMO_DIRECTORY + (index === 0 ? "" : `-${index + 1}`))
        : [configuration.dataDir],
    ignored: others.filter((name) => !names.includes(name) && (env[name] ?? "") !== ""),
  };
};

const MARK = "made-by-sluice-demo";

/**
 * Makes the directory the demo's.
 * @throws CommandError when a gateway's own data is in it
 */
export const claimDirectory = (directory: string): void => {
  const mark = join(directory, MARK);
  if (existsSync(join(directory, "events.db")) && !existsSync(mark)) {
    throw new CommandError(`${directory} holds the data of a gateway, which the demo will not touch`, {
      hint: "give the demo a directory of its own with --data-dir, or none for data/demo",
    });
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(mark, "This directory belongs to `sluice demo`. It can be deleted when no demo runs.\n");
};
