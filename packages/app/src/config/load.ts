/**
 * Reads the whole configuration: flags before the environment before the config file before the defaults. Nothing is
 * thrown; every error comes at once, and names the variable, what it got and what it wants.
 */
import { resolve } from "node:path";
import { type Configuration, type ConfigurationKey, configurationFields } from "@sluice/contracts";
import type { ConfigFile, FileEntry } from "./config-file.ts";
import { parseConfigFile } from "./config-file.ts";
import { CONFIG_VARIABLE, fields, flagKey, flagName, type SettingName, variables } from "./names.ts";
import { parseValue, wants } from "./parse-value.ts";
import { redactUrl } from "./redact.ts";
import { applyRules, whyUnreadable } from "./rules.ts";
import { typoWarnings } from "./typos.ts";

export type ConfigurationSource = "default" | "environment" | "file" | "flag" | "secret file";

export interface ConfigurationInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the field's name in camelCase, `…File` for the file of a secret; `config` names the config file. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Gives the text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

export type LoadedConfiguration =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      readonly sources: Readonly<Record<ConfigurationKey, ConfigurationSource>>;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly errors: readonly string[] };

/** A raw value and where it is from. */
interface Given {
  readonly setting: SettingName;
  readonly raw: unknown;
  readonly source: "environment" | "file" | "flag";
  /** As the user calls it: `--mqtt-url`, `MQTT_URL`, `mqttUrl in sluice.yaml`. */
  readonly label: string;
}

/** Everything that one place says, by `NAME` or `NAME_FILE`. */
type Layer = ReadonlyMap<string, Given>;

export const loadConfiguration = (input: ConfigurationInput): LoadedConfiguration => {
  const errors: string[] = [];
  const layers = [flagLayer(input), environmentLayer(input), fileLayer(input, errors)];
  const values: Partial<Record<ConfigurationKey, unknown>> = {};
  const sources: Partial<Record<ConfigurationKey, ConfigurationSource>> = {};
  for (const [key, field] of fields) {
    const given = pick(field.env, layers, errors);
    if (given === undefined) {
      sources[key] = "default";
      if ("default" in field.schema) values[key] = field.schema.default;
      continue;
    }
    sources[key] = given.setting.file ? "secret file" : given.source;
    const raw = given.setting.file ? readSecret(given, input, errors) : given.raw;
    if (raw === undefined) continue;
    const parsed = parseValue(field, raw);
    if (parsed.ok) values[key] = parsed.value;
    else errors.push(`${field.env}: got ${shown(key, raw)}${origin(given)}; it wants ${wants(field, raw)}`);
  }
  const ruled = applyRules(values, { readFile: (path) => input.readFile(resolve(input.cwd, path)) });
  errors.push(...ruled.errors);
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    configuration: ruled.values as Configuration,
    sources: sources as Record<ConfigurationKey, ConfigurationSource>,
    warnings: [...typoWarnings(input.env), ...ruled.warnings],
  };
};

const flagLayer = ({ flags = {} }: ConfigurationInput): Layer => {
  const layer = new Map<string, Given>();
  for (const setting of variables) {
    const raw = flags[flagKey(setting.name)];
    if (raw !== undefined) layer.set(setting.name, { setting, raw, source: "flag", label: flagName(setting.name) });
  }
  return layer;
};

const environmentLayer = ({ env }: ConfigurationInput): Layer => {
  const layer = new Map<string, Given>();
  for (const setting of variables) {
    const raw = env[setting.name];
    // Compose files and unit files set variables to nothing when they mean "not set".
    if (raw === undefined || raw === "") continue;
    layer.set(setting.name, { setting, raw, source: "environment", label: setting.name });
  }
  return layer;
};

const fileLayer = (input: ConfigurationInput, errors: string[]): Layer => {
  const path = (input.flags?.config as string | undefined) ?? input.env[CONFIG_VARIABLE];
  if (path === undefined || path === "") return new Map();
  let file: ConfigFile;
  try {
    file = parseConfigFile(path, input.readFile(resolve(input.cwd, path)));
  } catch (error) {
    errors.push(`${CONFIG_VARIABLE}: got ${JSON.stringify(path)}; it wants a readable file (${whyUnreadable(error)})`);
    return new Map();
  }
  if (!file.ok) {
    errors.push(...file.errors);
    return new Map();
  }
  const given = ({ setting, key, value }: FileEntry): Given => ({
    setting,
    raw: value,
    source: "file",
    label: `${key} in ${path}`,
  });
  return new Map(file.entries.map((entry) => [entry.setting.name, given(entry)]));
};

/** The value of the first layer that has one; a secret and its file in the same layer contradict each other. */
const pick = (name: string, layers: readonly Layer[], errors: string[]): Given | undefined => {
  for (const layer of layers) {
    const value = layer.get(name);
    const file = layer.get(`${name}_FILE`);
    if (value !== undefined && file !== undefined) {
      errors.push(`${name}: got both ${value.label} and ${file.label}; it wants one of them`);
    }
    const given = value ?? file;
    if (given !== undefined) return given;
  }
  return undefined;
};

const readSecret = (given: Given, input: ConfigurationInput, errors: string[]): string | undefined => {
  const { name } = given.setting;
  const report = (got: string, why: string) =>
    errors.push(`${name}: got ${got}${origin(given)}; it wants a readable file that holds the secret (${why})`);
  if (typeof given.raw !== "string") {
    report(JSON.stringify(given.raw) ?? typeof given.raw, "this is no file name");
    return undefined;
  }
  try {
    const secret = input.readFile(resolve(input.cwd, given.raw)).replace(/\r?\n$/, "");
    if (secret !== "") return secret;
    report(JSON.stringify(given.raw), "the file is empty");
  } catch (error) {
    report(JSON.stringify(given.raw), whyUnreadable(error));
  }
  return undefined;
};

const origin = ({ source, label }: Given): string => (source === "environment" ? "" : ` (${label})`);

const shown = (key: ConfigurationKey, raw: unknown): string => {
  const field = configurationFields[key];
  if (!("secret" in field)) return JSON.stringify(raw) ?? typeof raw;
  if ("kind" in field && field.kind === "url" && typeof raw === "string") return JSON.stringify(redactUrl(raw));
  return "a value that is not shown here";
};
