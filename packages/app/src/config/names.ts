/** What settings are called in the environment, in files and as flags. */
import { type ConfigurationField, type ConfigurationKey, configurationFields } from "@sluice/contracts";
import type { TSchema } from "typebox";

export interface SettingName {
  readonly key: ConfigurationKey;
  /** `NAME`, or `NAME_FILE` where `file` is true. */
  readonly name: string;
  /** The value is the name of a file that holds the secret. */
  readonly file: boolean;
}

/** Name and declaration of every field, in the order of the declarations. */
export const fields = Object.entries(configurationFields) as unknown as readonly (readonly [
  ConfigurationKey,
  ConfigurationField<TSchema>,
])[];

/** The variable that names the config file. */
export const CONFIG_VARIABLE = "SLUICE_CONFIG";

const settings: readonly SettingName[] = fields.flatMap(([key, field]) => [
  { key, name: field.env, file: false },
  ...(field.secret ? [{ key, name: `${field.env}_FILE`, file: true }] : []),
]);

const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `--mqtt-url` of `MQTT_URL`. */
export const flagName = (name: string): string => `--${name.toLowerCase().replaceAll("_", "-")}`;

/** The key under which the command line's parser gives a flag: `mqttUrl` of `MQTT_URL`. */
export const flagKey = camelCase;

/** Variables, without and with `_FILE`. */
export const variables: readonly SettingName[] = settings;

/** By every spelling that a config file may use. */
export const settingNames: ReadonlyMap<string, SettingName> = new Map(
  settings.flatMap((setting) => [
    [setting.name, setting],
    [setting.name.toLowerCase(), setting],
    [setting.file ? camelCase(setting.name) : setting.key, setting],
  ]),
);

/** Every spelling, for suggestions. */
export const fieldNames: readonly string[] = [...settingNames.keys()];
