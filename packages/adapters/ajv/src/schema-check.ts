/**
 * What ajv does not tell, or tells one at a time and without a place: unknown keywords and formats, expressions that
 * do not compile, references that lead nowhere. An unknown keyword is an error here though JSON Schema would ignore
 * it: a misspelt `minimun` must not let everything through. Names beginning with `x-` are the operator's own.
 */
import type { ValidationError } from "@sluice/contracts";
import { appendPointer } from "@sluice/domain";

/** What the value of a keyword holds: one schema, a list of them, a member each, or none. */
type Shape = "schema" | "list" | "map" | "plain";

const shapes: Readonly<Record<Shape, string>> = {
  schema:
    "not if then else items contains additionalProperties propertyNames unevaluatedItems unevaluatedProperties contentSchema",
  list: "allOf anyOf oneOf prefixItems",
  map: "$defs definitions properties patternProperties dependentSchemas",
  plain: [
    "$schema $id $anchor $dynamicAnchor $ref $dynamicRef $comment $vocabulary",
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems",
    "minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired",
    "format contentEncoding contentMediaType title description default deprecated readOnly writeOnly examples",
  ].join(" "),
};

const shapeOf: ReadonlyMap<string, Shape> = new Map(
  (Object.keys(shapes) as Shape[]).flatMap((shape) => shapes[shape].split(" ").map((keyword) => [keyword, shape])),
);

export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Deeper schemas are refused: ajv's own recursion over them would run out of stack. */
const MAX_DEPTH = 100;

type SchemaObject = Record<string, unknown>;

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export interface SchemaReport {
  readonly errors: readonly ValidationError[];
  readonly references: readonly Reference[];
}

/** A `$ref`. */
export interface Reference {
  readonly pointer: string;
  readonly target: string;
  /** The schema that has it. */
  readonly holder: SchemaObject;
}

/** @param root a schema; its types and ranges are the meta-schema's business */
export const checkSchema = (root: unknown, formats: ReadonlySet<string>): SchemaReport => {
  const errors: ValidationError[] = [];
  const references: Reference[] = [];
  const report = (pointer: string, keyword: string, message: string) => errors.push({ pointer, keyword, message });

  const checkPattern = (source: unknown, pointer: string, keyword: string) => {
    if (typeof source !== "string") return;
    try {
      new RegExp(source, "u");
    } catch (error) {
      report(pointer, keyword, (error as Error).message);
    }
  };

  const checkPlain = (keyword: string, value: unknown, pointer: string) => {
    if (keyword === "pattern") checkPattern(value, pointer, keyword);
    else if (keyword === "format" && typeof value === "string" && !formats.has(value)) {
      report(pointer, keyword, `unknown format ${JSON.stringify(value)}`);
    } else if (keyword === "$schema" && String(value).replace(/#$/, "") !== DIALECT) {
      report(pointer, keyword, `only JSON Schema 2020-12 (${DIALECT}) is supported`);
    }
  };

  const visit = (schema: unknown, pointer: string, depth: number): void => {
    if (!isObject(schema)) return;
    if (depth > MAX_DEPTH) {
      report(pointer, "depth", `the schema is nested more than ${MAX_DEPTH} deep`);
      return;
    }
    for (const [keyword, value] of Object.entries(schema)) {
      const at = appendPointer(pointer, keyword);
      const shape = shapeOf.get(keyword);
      if (keyword === "$ref" && typeof value === "string")
        references.push({ pointer: at, target: value, holder: schema });
      if (shape === undefined) {
        if (!keyword.startsWith("x-")) report(at, keyword, `unknown keyword ${JSON.stringify(keyword)}`);
      } else if (shape === "plain") checkPlain(keyword, value, at);
      else if (shape === "schema") visit(value, at, depth + 1);
      else if (shape === "list" && Array.isArray(value)) {
        for (const [index, item] of value.entries()) visit(item, appendPointer(at, index), depth + 1);
      } else if (shape === "map" && isObject(value)) {
        for (const [name, item] of Object.entries(value)) {
          const member = appendPointer(at, name);
          if (keyword === "patternProperties") checkPattern(name, member, keyword);
          if (name === "__proto__") report(member, keyword, "a member of this name cannot be described by a schema");
          visit(item, member, depth + 1);
        }
      }
    }
  };
  visit(root, "", 1);
  return { errors, references };
};
