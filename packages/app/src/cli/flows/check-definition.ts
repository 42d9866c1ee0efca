/** All that can be said of a definition without asking the gateway. */
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import {
  FlowDefinitionInput,
  PostEndpointActionInput,
  StoreDbActionInput,
  type ValidationError,
} from "@sluice/contracts";
import { BadSchema, normaliseDefinition, normalisePayloadSchema } from "@sluice/domain";
import { type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import type { DefinedFlow } from "./definition-text.ts";

export type CheckedDefinition =
  | {
      readonly ok: true;
      readonly flow: DefinedFlow;
      /** False when the file does not say whether the flow is enabled. */
      readonly saysEnabled: boolean;
    }
  | { readonly ok: false; readonly errors: readonly string[] };

const line = ({ pointer, message }: Pick<ValidationError, "pointer" | "message">): string =>
  pointer === "" ? message : `${pointer}: ${message}`;

/** @param timeoutSeconds of actions that name none; what is applied names it, so that what is shown is what is applied */
export const checkDefinition = (value: unknown, timeoutSeconds: number): CheckedDefinition => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, errors: ["is no flow definition"] };
  }
  const input = Value.Default(FlowDefinitionInput, structuredClone(value)) as object;
  if (!Value.Check(FlowDefinitionInput, input)) return { ok: false, errors: shapeErrors(input) };
  const normalised = normaliseDefinition(input, { timeoutSeconds });
  if (!normalised.ok) return { ok: false, errors: normalised.errors.map(line) };
  const schemaErrors = compileErrors(normalised.definition.payloadSchema);
  if (schemaErrors.length > 0) return { ok: false, errors: schemaErrors };
  return {
    ok: true,
    flow: { ...normalised.definition, enabled: normalised.enabled },
    saysEnabled: "enabled" in value,
  };
};

/** The definition with its actions left open: of a union, the errors of every branch would be reported. */
const Outline = Type.Object(
  { ...FlowDefinitionInput.properties, actions: Type.Array(Type.Unknown(), { minItems: 1, maxItems: 20 }) },
  { additionalProperties: false },
);

const actionSchemas: Readonly<Record<string, TSchema>> = {
  STORE_DB: StoreDbActionInput,
  POST_ENDPOINT: PostEndpointActionInput,
};

const shapeErrors = (value: object): string[] => {
  const actions = "actions" in value && Array.isArray(value.actions) ? value.actions : [];
  return [
    ...errorsOf(Outline, value, ""),
    ...actions.flatMap((action: unknown, index) => {
      const pointer = `/actions/${index}`;
      const { type } = (action ?? {}) as { type?: unknown };
      const schema = typeof type === "string" ? actionSchemas[type] : undefined;
      const types = Object.keys(actionSchemas).join(" or ");
      return schema === undefined ? [`${pointer}/type: must be ${types}`] : errorsOf(schema, action, pointer);
    }),
  ];
};

/** One line a place. */
const errorsOf = (schema: TSchema, value: unknown, pointer: string): string[] => {
  const places = new Map<string, Set<string>>();
  for (const error of Value.Errors(schema, value)) {
    // These two say again, and less clearly, what other errors of the place say.
    if (error.keyword === "anyOf" || error.keyword === "boolean") continue;
    const messages = places.get(error.instancePath) ?? new Set();
    places.set(error.instancePath, messages.add(describe(error)));
  }
  return [...places].map(([at, messages]) => line({ pointer: pointer + at, message: [...messages].join(" or ") }));
};

const describe = ({ message, params }: { readonly message: string; readonly params: object }): string => {
  if ("additionalProperties" in params) {
    return `there is no such member: ${(params.additionalProperties as readonly string[]).join(", ")}`;
  }
  return "allowedValue" in params ? `must be ${JSON.stringify(params.allowedValue)}` : message;
};

const compileErrors = (payloadSchema: DefinedFlow["payloadSchema"]): string[] => {
  const normalised = payloadSchema === null ? undefined : normalisePayloadSchema(payloadSchema);
  if (!normalised?.ok) return [];
  try {
    new AjvPayloadValidator().compile(normalised.schema);
    return [];
  } catch (error) {
    if (!(error instanceof BadSchema)) throw error;
    return error.errors.map(({ pointer, message }) => line({ pointer: `/payloadSchema${pointer}`, message }));
  }
};
