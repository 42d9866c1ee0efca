/** A flow's definition and its being enabled, as one document that `flows apply` takes back. */
import { type FlowDefinition, type FlowView, FlowDefinition as schema } from "@sluice/contracts";
import { stringify } from "yaml";

export type DefinedFlow = FlowDefinition & { readonly enabled: boolean };

/** In the order in which a reader wants them. */
const ORDER = [
  "code",
  "description",
  "enabled",
  "topic",
  "broker",
  "qos",
  "payloadSchema",
  "payload",
  "actions",
  "thresholds",
] as const satisfies readonly (keyof DefinedFlow)[];

const known: ReadonlySet<string> = new Set([...Object.keys(schema.properties), "enabled"]);

/** The definition without what the gateway knows of the flow besides. */
export const definitionOf = (view: FlowView | DefinedFlow): DefinedFlow => {
  const rest = Object.keys(view).filter((key) => known.has(key) && !(ORDER as readonly string[]).includes(key));
  const members = [...ORDER, ...rest].map((key) => [key, view[key as keyof DefinedFlow]]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
};

/** YAML, always the same for the same definition. */
export const definitionText = (flow: DefinedFlow): string =>
  stringify(definitionOf(flow), { lineWidth: 0, aliasDuplicateObjects: false });
