/** From `attribute_value` back to the JSON value. */
import type { DataItem, ValueType } from "@sluice/contracts";

type Value = Pick<DataItem, "value" | "valueType" | "text">;

/**
 * The value of a stored text.
 *
 * A row of the older gateway has no type. It wrote Python's str() of a value, and JSON for an object or array; so a text
 * is taken for null, a boolean, a number, an object or an array where it reads as one, and else for a string. A string
 * that looked like one of these cannot be told from it any more: `text` is what was stored.
 */
export const readValue = (text: string | null, type: string | null): Value => {
  if (text === null) return { value: null, valueType: "null", text: "null" };
  if (type !== null) return { value: type === "string" ? text : parse(text), valueType: type as ValueType, text };
  return { ...guess(text), text };
};

const PYTHON: Readonly<Record<string, Omit<Value, "text">>> = {
  None: { value: null, valueType: "null" },
  True: { value: true, valueType: "boolean" },
  False: { value: false, valueType: "boolean" },
};

const guess = (text: string): Omit<Value, "text"> => {
  if (Object.hasOwn(PYTHON, text)) return PYTHON[text] as Omit<Value, "text">;
  if (!/^[-\d[{]/.test(text)) return { value: text, valueType: "string" };
  const value = parse(text);
  if (typeof value === "number") return { value, valueType: /^-?\d+$/.test(text) ? "integer" : "number" };
  if (Array.isArray(value)) return { value, valueType: "array" };
  if (typeof value === "object" && value !== null) return { value, valueType: "object" };
  return { value: text, valueType: "string" };
};

/** Numbers as the log has them: no negative zero, null for one beyond a double's range. Text that is no JSON as it is. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text, (_key, value: unknown) =>
      typeof value === "number" ? (Number.isFinite(value) ? value + 0 : null) : value,
    );
  } catch {
    return text;
  }
};
