/**
 * From a decoded payload to attributes: one per top-level member; a payload that is no object is one attribute, `value`.
 */
import type { EventData, StoreDbAction, ValueType } from "@sluice/contracts";
import { type ExactJsonValue, ExactNumber } from "../ports/payload.ts";
import { canonicalJson } from "./canonical-json.ts";

export type Attribute = Pick<EventData<"StoredAttribute">, "attribute" | "valueType" | "value" | "text">;

/** Name of the single attribute of a payload that is not an object. */
export const SCALAR_ATTRIBUTE = "value";
