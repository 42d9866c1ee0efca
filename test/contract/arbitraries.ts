/** Values that a schema of the document allows, for fast-check to choose from. */
import fc, { type Arbitrary } from "fast-check";
import type { ApiDocument, Json } from "./document.ts";

const FORMATS: Readonly<Record<string, Arbitrary<string>>> = {
  uuid: fc.uuid(),
  "date-time": fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
};

const DEPTH = 3;

/** fast-check knows no lookahead: it makes texts without, of which those are kept that the whole pattern takes. */
const matching = (pattern: string): Arbitrary<string> => {
  const whole = new RegExp(pattern, "u");
  return fc.stringMatching(new RegExp(pattern.replace(/\(\?!.*?\)/, ""), "u")).filter((text) => whole.test(text));
};

const textOf = ({ format, pattern, minLength = 0, maxLength }: Json): Arbitrary<string> => {
  if (typeof format === "string" && FORMATS[format] !== undefined) return FORMATS[format];
  if (typeof pattern === "string") return matching(pattern);
  const least = minLength as number;
  return fc.string({ minLength: least, maxLength: Math.min((maxLength as number | undefined) ?? 30, 30 + least) });
};

const integerOf = ({ minimum, exclusiveMinimum, maximum }: Json): Arbitrary<number> =>
  fc.integer({
    min: (minimum as number | undefined) ?? ((exclusiveMinimum as number | undefined) ?? -1001) + 1,
    max: (maximum as number | undefined) ?? 1000,
  });

export const valuesOf = (document: ApiDocument, given: Json, depth = 0): Arbitrary<unknown> => {
  const schema = document.resolve(given);
  const inner = (part: unknown) => valuesOf(document, part as Json, depth + 1);
  if ("const" in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.anyOf)) return fc.oneof(...schema.anyOf.map(inner));
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
      return integerOf(schema);
    case "number":
      return integerOf({ minimum: 1, ...schema }).map((value) => value + 0.5 - 0.5);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      const { minItems = 0, maxItems = 3, items, uniqueItems } = schema;
      const bounds = { minLength: minItems as number, maxLength: Math.min(maxItems as number, 3) };
      return uniqueItems === true ? fc.uniqueArray(inner(items), bounds) : fc.array(inner(items), bounds);
    }
    case "object": {
      const { properties = {}, required = [] } = schema;
      const members = Object.entries(properties as Json).filter(
        ([name]) => depth < DEPTH || (required as string[]).includes(name),
      );
      if (members.length === 0) return fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 1 }));
      return fc.record(Object.fromEntries(members.map(([name, value]) => [name, inner(value)])), {
        requiredKeys: required as string[],
      }) as Arbitrary<unknown>;
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
};
