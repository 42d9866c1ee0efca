/** The configuration: from flags, environment and file to checked values. */
export { type DescribedSetting, describeConfiguration } from "./describe.ts";
export { configurationMarkdown } from "./documentation.ts";
export {
  type ConfigurationInput,
  type ConfigurationSource,
  type LoadedConfiguration,
  loadConfiguration,
} from "./load.ts";
export { redactUrl, secretTexts } from "./redact.ts";
