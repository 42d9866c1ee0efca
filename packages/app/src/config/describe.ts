/** The effective configuration as it may be shown: secrets are hidden. */
import { type Configuration, type ConfigurationKey, configurationFields } from "@sluice/contracts";
import type { ConfigurationSource } from "./load.ts";
import { redactValue } from "./redact.ts";

export interface DescribedSetting {
  readonly field: ConfigurationKey;
  readonly variable: string;
  /** `***` in place of a secret; null when it is not set. */
  readonly value: string | number | boolean | null;
  readonly source: ConfigurationSource;
}

/** In the order of the declarations. */
export const describeConfiguration = (
  configuration: Configuration,
  sources: Readonly<Record<ConfigurationKey, ConfigurationSource>>,
): readonly DescribedSetting[] =>
  (Object.keys(configurationFields) as ConfigurationKey[]).map((field) => ({
    field,
    variable: configurationFields[field].env,
    value: (redactValue(field, configuration[field]) ?? null) as DescribedSetting["value"],
    source: sources[field],
  }));
