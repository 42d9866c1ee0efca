/**
 * From a decoded payload to attributes: one per top-level member; a payload that is no object is one attribute, `value`.
 */
import type { EventData, StoreDbAction, ValueType } from "@sluice/contracts";
import { ownMember, setMember } from "../own-member.ts";
import { type ExactJsonValue, ExactNumber, type JsonValue } from "../ports/payload.ts";
import { canonicalJson } from "./canonical-json.ts";

export type Attribute = Pick<EventData<"StoredAttribute">, "attribute" | "valueType" | "value" | "text">;

type ExactMembers = Readonly<Record<string, ExactJsonValue>>;

/** Name of the single attribute of a payload that is not an object. */
export const SCALAR_ATTRIBUTE = "value";

const isMembers = (value: ExactJsonValue): value is ExactMembers =>
  typeof value === "object" && value !== null && !(value instanceof ExactNumber) && !Array.isArray(value);

const hasExactNumber = (value: ExactJsonValue): boolean => {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ExactNumber) return true;
  if (Array.isArray(value)) return value.some(hasExactNumber);
  const members = value as ExactMembers;
  return Object.keys(members).some((name) => hasExactNumber(members[name] as ExactJsonValue));
};

/** The number as the log gives it back: JSON.stringify writes -0 as 0 and an infinity as null. */
const plainNumber = (value: number): number | null => (Number.isFinite(value) ? value + 0 : null);

/**
 * The same tree with every number as a double, and `null` for a number outside their range (1e400); JSON.stringify
 * and JSON.parse change nothing in it.
 */
export const plainValue = (exact: ExactJsonValue): JsonValue => {
  if (typeof exact === "number") return plainNumber(exact);
  if (typeof exact !== "object" || exact === null) return exact;
  if (exact instanceof ExactNumber) return plainNumber(Number(exact.text));
  if (Array.isArray(exact)) return exact.map(plainValue);
  const members = exact as ExactMembers;
  const plain: Record<string, JsonValue> = {};
  for (const name of Object.keys(members)) setMember(plain, name, plainValue(members[name] as ExactJsonValue));
  return plain;
};

/** By the number's text: an integer is written without fraction or exponent. */
const numberType = (text: string): ValueType => (/^-?[0-9]+$/.test(text) ? "integer" : "number");

/** ECMAScript writes an integer with an exponent from here on. */
const EXPONENT_FROM = 1e21;

const toAttribute = (attribute: string, exact: ExactJsonValue): Attribute => {
  switch (typeof exact) {
    case "string":
      return { attribute, valueType: "string", value: exact };
    case "boolean":
      return { attribute, valueType: "boolean", value: exact };
    case "number": {
      const integer = Number.isInteger(exact) && Math.abs(exact) < EXPONENT_FROM;
      return { attribute, valueType: integer ? "integer" : "number", value: plainNumber(exact) };
    }
    default: {
      if (exact === null) return { attribute, valueType: "null", value: null };
      if (exact instanceof ExactNumber) {
        const value = plainValue(exact);
        const valueType = numberType(exact.text);
        return canonicalJson(value) === exact.text
          ? { attribute, valueType, value }
          : { attribute, valueType, value, text: exact.text };
      }
      const valueType = Array.isArray(exact) ? "array" : "object";
      if (!hasExactNumber(exact)) return { attribute, valueType, value: exact };
      return { attribute, valueType, value: plainValue(exact), text: canonicalJson(exact) };
    }
  }
};

/**
 * The name that each of these members is stored under. No two are stored under one name: a rename gives way when its
 * target is the name of another member of this very payload, and that member keeps it.
 */
const storedNames = (
  names: readonly string[],
  rename: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> => {
  const stored = new Map(names.map((name) => [name, ownMember(rename, name) ?? name]));
  const kept = new Set(names.filter((name) => stored.get(name) === name));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, target] of stored) {
      if (target === name || !kept.has(target)) continue;
      stored.set(name, name);
      kept.add(name);
      changed = true;
    }
  }
  return stored;
};

/**
 * The attributes that the action stores of this payload, in the payload's order.
 *
 * `value` is plain JSON, its numbers as doubles; `text` is there only when the canonical form of `value` is not the
 * exact text. Of an object or array the exact text is its canonical JSON with each number as it was written.
 */
export const extractAttributes = (exact: ExactJsonValue, action: StoreDbAction): Attribute[] => {
  const members: ExactMembers = isMembers(exact) ? exact : { [SCALAR_ATTRIBUTE]: exact };
  let names = Object.keys(members);
  if (action.attributes) {
    const { attributes } = action;
    names = names.filter((name) => attributes.includes(name));
  }
  const stored = action.rename ? storedNames(names, action.rename) : null;
  const found: Attribute[] = [];
  for (const name of names) {
    found.push(toAttribute(stored?.get(name) ?? name, members[name] as ExactJsonValue));
  }
  return found;
};

/** The exact text of the value: a string as it is, anything else as JSON. */
export const attributeText = ({ value, text }: Pick<Attribute, "value" | "text">): string =>
  text ?? (typeof value === "string" ? value : canonicalJson(value));

/** The value as a double: a number as it is, false and true as 0 and 1, anything else null. */
export const typedNumber = (value: unknown): number | null => {
  if (typeof value === "number") return plainNumber(value);
  return typeof value === "boolean" ? Number(value) : null;
};
