/** From what an operator wrote to what the log keeps: defaults filled in, and everything checked that a shape cannot say. */
import type { FlowDefinition, FlowDefinitionInput, Threshold, ValidationError } from "@sluice/contracts";
import { appendPointer } from "../json-pointer.ts";
import { BadTopicFilter, parseTopicFilter } from "../topic/filter.ts";
import { type ActionDefaults, normaliseActions } from "./actions.ts";
import { DEFAULT_BROKER } from "./broker.ts";
import { Findings } from "./findings.ts";
import { normalisePayloadSchema } from "./payload-schema.ts";

export type NormalisedDefinition =
  | { readonly ok: true; readonly definition: FlowDefinition; readonly enabled: boolean }
  /** Every error, with a JSON pointer into the input. */
  | { readonly ok: false; readonly errors: readonly ValidationError[] };

const checkTopic = (topic: unknown, findings: Findings): void => {
  if (typeof topic !== "string") {
    findings.add("/topic", "type", "must be text");
    return;
  }
  try {
    parseTopicFilter(topic);
  } catch (error) {
    if (!(error instanceof BadTopicFilter)) throw error;
    findings.add("/topic", "topic", error.message);
  }
};

/** @returns the top-level fields that the schema names */
const checkPayloadSchema = (schema: FlowDefinition["payloadSchema"], findings: Findings): readonly string[] => {
  const normalised = normalisePayloadSchema(schema);
  if (!normalised.ok) {
    for (const { pointer, keyword, message } of normalised.errors) {
      findings.add(`/payloadSchema${pointer}`, keyword, message);
    }
    return [];
  }
  const properties = typeof normalised.schema === "object" ? normalised.schema.properties : undefined;
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
};

const normaliseThresholds = (inputs: unknown, findings: Findings): Threshold[] =>
  findings.list(inputs, "/thresholds").map((item, index) => {
    const pointer = appendPointer("/thresholds", index);
    const { attribute, min, max, onBreach } = findings.record(item ?? null, pointer) as Partial<Threshold>;
    if (min === undefined && max === undefined) {
      findings.add(pointer, "threshold", "one of min and max is needed, or both");
    } else if (typeof min === "number" && typeof max === "number" && min > max) {
      findings.add(pointer, "threshold", `min ${min} is above max ${max}: nothing could be within bounds`);
    }
    return {
      attribute: attribute as string,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      onBreach: onBreach ?? "flag",
    };
  });

/**
 * @param input of the shape of `FlowDefinitionInput`, which is checked before
 * @param defaults those that the operator can configure
 */
export const normaliseDefinition = (input: FlowDefinitionInput, defaults: ActionDefaults): NormalisedDefinition => {
  const findings = new Findings();
  const given = findings.record(input ?? null, "") as Partial<FlowDefinitionInput>;
  checkTopic(given.topic, findings);
  const payloadSchema = given.payloadSchema ?? null;
  const listed = checkPayloadSchema(payloadSchema, findings);
  const { codec, onInvalid, timestamp } = findings.record(given.payload, "/payload") as NonNullable<
    FlowDefinitionInput["payload"]
  >;
  const definition: FlowDefinition = {
    code: given.code as string,
    topic: given.topic as string,
    description: given.description ?? "",
    broker: given.broker ?? DEFAULT_BROKER,
    qos: given.qos ?? 1,
    payloadSchema,
    payload: {
      codec: codec ?? "json",
      onInvalid: onInvalid ?? "reject",
      ...(timestamp === undefined ? {} : { timestamp }),
    },
    actions: [...normaliseActions(given.actions, listed, defaults, findings)],
    thresholds: normaliseThresholds(given.thresholds, findings),
  };
  if (findings.errors.length > 0) return { ok: false, errors: findings.errors };
  return { ok: true, definition, enabled: given.enabled ?? true };
};
