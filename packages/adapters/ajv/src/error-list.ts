/** From ajv's errors to those that are recorded. */
import type { ValidationError } from "@sluice/contracts";
import { appendPointer } from "@sluice/domain";
import type { ErrorObject } from "ajv";
import { boundedPointer } from "./pointer.ts";

/** Longest quotation of a schema in a message. */
const MAX_QUOTE_LENGTH = 200;

const quote = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length <= MAX_QUOTE_LENGTH ? text : `${text.slice(0, MAX_QUOTE_LENGTH)}…`.toWellFormed();
};

/** The member that is missing or not allowed: the pointer goes to it, not to the object that lacks or has it. */
const memberOf = ({ keyword, params, propertyName }: ErrorObject): string | undefined => {
  switch (keyword) {
    case "required":
    case "dependentRequired":
      return params.missingProperty;
    case "additionalProperties":
      return params.additionalProperty;
    case "unevaluatedProperties":
      return params.unevaluatedProperty;
    case "propertyNames":
      return params.propertyName;
    default:
      return propertyName;
  }
};

const messageOf = (error: ErrorObject): string => {
  switch (error.keyword) {
    case "required":
      return "is required and missing";
    case "additionalProperties":
    case "unevaluatedProperties":
      return "is a member that the schema does not allow";
    case "const":
      return `must be ${quote(error.schema)}`;
    case "enum":
      return `must be one of ${quote(error.schema)}`;
    case "multipleOf":
      return `must be a multiple of ${quote(error.schema)}`;
    case "type":
      return `must be ${[error.params.type].flat().join(" or ")}`;
    case "uniqueItems":
      return "must not have two equal items";
    case "false schema":
      return "must not be there: the schema is false";
    default:
      return error.propertyName === undefined
        ? (error.message ?? "is not valid")
        : `the member's name ${error.message ?? "is not valid"}`;
  }
};

export const toValidationError = (error: ErrorObject): ValidationError => {
  const member = memberOf(error);
  return {
    pointer: boundedPointer(member === undefined ? error.instancePath : appendPointer(error.instancePath, member)),
    keyword: error.keyword === "false schema" ? "false" : error.keyword,
    message: messageOf(error),
  };
};

/** Stands at the end of a list that is not complete. */
export const more = (message: string): ValidationError => ({ pointer: "", keyword: "more", message });

/** These keywords report that a subschema was not met, beside the errors of that subschema. */
const isSummary = ({ keyword }: ErrorObject): boolean => keyword === "propertyNames" || keyword === "if";

/** At most `max` errors, and one more that says how many were left out. */
export const toErrorList = (errors: readonly ErrorObject[], max: number): ValidationError[] => {
  const telling = errors.filter((error) => !isSummary(error));
  const list = telling.slice(0, max).map(toValidationError);
  if (telling.length > max) list.push(more(`and ${telling.length - max} more errors`));
  return list;
};
