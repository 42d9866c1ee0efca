/** Everything that can be wrong with a flow definition, in one list: its shape, what it means, its payload schema. */
import { type FlowDefinition, type FlowDefinitionInput, FlowInput, type ValidationError } from "@sluice/contracts";
import {
  type ActionDefaults,
  BadSchema,
  type JsonValue,
  normaliseDefinition,
  normalisePayloadSchema,
  type PayloadValidator,
} from "@sluice/domain";
import { tellingSchema } from "../validation/telling-schema.ts";

export type CheckedDefinition =
  | {
      readonly ok: true;
      readonly definition: FlowDefinition;
      /** Undefined when the definition does not say. */
      readonly enabled: boolean | undefined;
    }
  /** Pointers are into what was given. */
  | { readonly ok: false; readonly errors: readonly ValidationError[] };

export type CheckDefinition = (given: unknown) => CheckedDefinition;

/** Why nothing is sent to the URL; null when there is nothing against it. */
export type CheckEndpoint = (url: string) => string | null;

/** @param defaults those that the operator can configure */
export const definitionChecker = (
  validator: PayloadValidator,
  defaults: ActionDefaults,
  checkEndpoint: CheckEndpoint,
): CheckDefinition => {
  // Compiled when it is first needed: it takes a tenth of a start.
  let checkShape: ReturnType<PayloadValidator["compile"]> | null = null;
  return (given) => {
    checkShape ??= validator.compile(tellingSchema(FlowInput));
    const shape = checkShape(given as JsonValue);
    if (typeof given !== "object" || given === null || Array.isArray(given)) return { ok: false, errors: shape };
    const input = given as FlowDefinitionInput;
    const normalised = normaliseDefinition(input, defaults);
    const meaning = [
      ...(normalised.ok ? [] : normalised.errors),
      ...compileErrors(input, validator),
      ...blockedEndpoints(input, checkEndpoint),
    ];
    // Of a place whose shape is wrong, the shape says it best.
    const misshapen = new Set(shape.map((error) => error.pointer));
    const errors = [...shape, ...meaning.filter((error) => !misshapen.has(error.pointer))];
    if (errors.length > 0 || !normalised.ok) return { ok: false, errors };
    return { ok: true, definition: normalised.definition, enabled: input.enabled };
  };
};

const blockedEndpoints = ({ actions }: FlowDefinitionInput, check: CheckEndpoint): readonly ValidationError[] =>
  (Array.isArray(actions) ? (actions as readonly unknown[]) : []).flatMap((action, index) => {
    const url = (action as { readonly url?: unknown } | null)?.url;
    const reason = typeof url === "string" ? check(url) : null;
    return reason === null
      ? []
      : [{ pointer: `/actions/${index}/url`, keyword: "url", message: `is blocked: ${reason}` }];
  });

const compileErrors = (input: FlowDefinitionInput, validator: PayloadValidator): readonly ValidationError[] => {
  const normalised = normalisePayloadSchema(input.payloadSchema ?? null);
  if (!normalised.ok) return [];
  try {
    validator.compile(normalised.schema);
    return [];
  } catch (error) {
    if (!(error instanceof BadSchema)) throw error;
    return error.errors.map((found) => ({ ...found, pointer: `/payloadSchema${found.pointer}` }));
  }
};
