/** The config file: JSON, YAML, or lines of `key=value`. */
import { parseDocument } from "yaml";
import { fieldNames, type SettingName, settingNames } from "./names.ts";
import { nearestName } from "./nearest-name.ts";

export interface FileEntry {
  readonly setting: SettingName;
  /** The key as the file has it. */
  readonly key: string;
  readonly value: unknown;
}

export type ConfigFile =
  | { readonly ok: true; readonly entries: readonly FileEntry[] }
  | { readonly ok: false; readonly errors: readonly string[] };

type Values = readonly (readonly [string, unknown])[];

/**
 * A key is the variable's name in upper or lower case, or the field's name in camelCase; an empty value counts as absent.
 * @param path tells the format by its extension (.json, .yaml, .yml); any other is told by the content
 */
export const parseConfigFile = (path: string, content: string): ConfigFile => {
  let values: Values;
  try {
    values = parseContent(path, content);
  } catch (error) {
    return { ok: false, errors: [`SLUICE_CONFIG: ${path} ${(error as Error).message}`] };
  }
  const entries: FileEntry[] = [];
  const errors: string[] = [];
  const keyOf = new Map<string, string>();
  for (const [key, value] of values) {
    const setting = settingNames.get(key);
    if (setting === undefined) {
      const known = nearestName(key, fieldNames)?.name;
      errors.push(`${key} in ${path}: there is no such setting; the nearest is ${known}`);
      continue;
    }
    const earlier = keyOf.get(setting.name);
    if (earlier !== undefined) errors.push(`${setting.name}: ${path} sets it twice, as ${earlier} and as ${key}`);
    keyOf.set(setting.name, key);
    if (value !== null && value !== "") entries.push({ setting, key, value });
  }
  return errors.length === 0 ? { ok: true, entries } : { ok: false, errors };
};

/** Keys and values as they stand. @throws Error "is not valid …", without a word of the content */
export const parseContent = (path: string, content: string): Values => {
  const text = content.replace(/^\uFEFF/, "");
  const extension = /\.[^./\\]*$/.exec(path)?.[0].toLowerCase();
  if (extension === ".json") return fromJson(text);
  if (extension === ".yaml" || extension === ".yml") return fromYaml(text);
  if (text.trimStart().startsWith("{")) return fromJson(text);
  return looksLikeLines(text) ? fromLines(text) : fromYaml(text);
};

const fromJson = (text: string): Values => {
  try {
    return members(JSON.parse(text));
  } catch (error) {
    throw new Error(`is not valid JSON: ${oneLine(error)}`);
  }
};

const fromYaml = (text: string): Values => {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`is not valid YAML: ${oneLine(error)}`);
  try {
    return members(document.toJS({ maxAliasCount: 0 }) ?? {});
  } catch (error) {
    throw new Error(`is not valid YAML: ${oneLine(error)}`);
  }
};

const members = (value: unknown): Values => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it is no list of settings");
  return Object.entries(value);
};

/** JSON.parse quotes the source around a mistake, which may be a secret; the YAML parser does so after its first line. */
const oneLine = (error: unknown): string => {
  const line = ((error as Error).message.split("\n", 1)[0] as string).replace(/:$/, "");
  return line.includes('"')
    ? (/position \d+( \(line \d+ column \d+\))?/.exec(line)?.[0] ?? "unexpected content")
    : line;
};

const contentLines = (text: string): readonly string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

const LINE = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/;

const looksLikeLines = (text: string): boolean => {
  const lines = contentLines(text);
  return lines.length > 0 && lines.every((line) => LINE.test(line));
};

const fromLines = (text: string): Values =>
  contentLines(text).map((line) => {
    const [, key = "", value = ""] = LINE.exec(line) ?? [];
    return [key, /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value];
  });
