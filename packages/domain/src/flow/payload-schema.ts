/**
 * A flow's payload schema: JSON Schema 2020-12, or the flat dialect of the older gateway, which is compiled to it.
 *
 * The dialect lists fields with their types: `{ temperature: "float" }`, `{ temperature: { type: "float" } }` or
 * either within `{ properties: { … } }`. A listed field is required, other fields are allowed, and all else that
 * stands beside a type (`required`, `minimum`, `enum` …) is ignored, as it always was.
 *
 * Which of the two it is, by the first rule that holds:
 *
 * 1. `true` or `false`, or a `$schema` member: JSON Schema.
 * 2. Some member is no keyword of JSON Schema 2020-12: the dialect, every member a field. So
 *    `{ type: "string", value: "float" }` is two fields.
 * 3. The sole member is `properties`: the dialect.
 * 4. Something in `properties` has a type name that only the dialect knows (float, str, int, bool, list): the dialect.
 * 5. JSON Schema. So is `{ type: "object" }`.
 *
 * Fields that all have names of keywords (`{ minimum: "float" }`) therefore need `properties` around them, and a JSON
 * Schema with nothing but `properties` needs `type: "object"` or `$schema` beside it.
 */
import type { PayloadSchema, ValidationError } from "@sluice/contracts";
import { appendPointer } from "../json-pointer.ts";
import { ownMember, setMember } from "../own-member.ts";
import { isSchemaKeyword } from "./schema-keywords.ts";

type Members = Readonly<Record<string, unknown>>;

export type NormalisedPayloadSchema =
  | {
      readonly ok: true;
      readonly schema: boolean | Readonly<Record<string, unknown>>;
      readonly dialect: "json-schema" | "flat";
    }
  /** Pointers are into the schema as it was given. */
  | { readonly ok: false; readonly errors: readonly ValidationError[] };

/** Type names of the dialect and what they are in JSON Schema. */
const dialectTypes: ReadonlyMap<unknown, string> = new Map([
  ["string", "string"],
  ["str", "string"],
  ["number", "number"],
  ["float", "number"],
  ["integer", "integer"],
  ["int", "integer"],
  ["boolean", "boolean"],
  ["bool", "boolean"],
  ["object", "object"],
  ["array", "array"],
  ["list", "array"],
]);

const dialectOnlyTypes: ReadonlySet<unknown> = new Set(["str", "float", "int", "bool", "list"]);

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `"float"` and `{ type: "float" }` say the same. */
const typeNameOf = (field: unknown): unknown => (isMembers(field) ? ownMember(field, "type") : field);

interface DialectFields {
  /** Where the fields are in the schema. */
  readonly pointer: string;
  readonly fields: Members;
}

/** Null for a JSON Schema. */
const dialectFields = (schema: Members): DialectFields | null => {
  if (Object.hasOwn(schema, "$schema")) return null;
  const names = Object.keys(schema);
  const flat = { pointer: "", fields: schema };
  if (names.some((name) => !isSchemaKeyword(name))) return flat;
  const properties = ownMember(schema, "properties");
  if (properties === undefined) return null;
  if (!isMembers(properties)) return names.length === 1 ? flat : null;
  const inDialect =
    names.length === 1 || Object.values(properties).some((field) => dialectOnlyTypes.has(typeNameOf(field)));
  return inDialect ? { pointer: "/properties", fields: properties } : null;
};

const KNOWN_TYPES = "string (str), number (float), integer (int), boolean (bool), object, array (list)";

const compileDialect = ({ pointer, fields }: DialectFields): NormalisedPayloadSchema => {
  const errors: ValidationError[] = [];
  const properties: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const typeName = typeNameOf(field);
    const type = dialectTypes.get(typeName);
    if (type !== undefined) setMember(properties, name, { type });
    else {
      const given = typeName === undefined ? "no type" : `the unknown type ${JSON.stringify(typeName)}`;
      const message = `the field has ${given}; known are ${KNOWN_TYPES}`;
      errors.push({ pointer: appendPointer(pointer, name), keyword: "type", message });
    }
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, dialect: "flat", schema: { type: "object", properties, required: Object.keys(properties) } };
};

/** @param schema as the flow's definition has it; null, for anything is valid, becomes `true` */
export const normalisePayloadSchema = (schema: PayloadSchema | null): NormalisedPayloadSchema => {
  if (schema === null) return { ok: true, dialect: "json-schema", schema: true };
  if (typeof schema === "boolean") return { ok: true, dialect: "json-schema", schema };
  if (!isMembers(schema)) {
    const message = "the schema must be an object, true, false or null";
    return { ok: false, errors: [{ pointer: "", keyword: "type", message }] };
  }
  const fields = dialectFields(schema);
  return fields ? compileDialect(fields) : { ok: true, dialect: "json-schema", schema };
};
