/** Requests are judged by the schemas of their routes, by the same engine as payloads: every error, none coerced away. */
import { apiSchemas } from "@sluice/contracts";
import type { JsonValue, PayloadValidator } from "@sluice/domain";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { tellingSchema } from "../validation/telling-schema.ts";
import { invalidQuery } from "./problems.ts";

type Schema = Readonly<Record<string, unknown>>;

const named: ReadonlyMap<string, Schema> = new Map(
  (apiSchemas as readonly Schema[]).map((schema) => [`${schema.$id}#`, schema]),
);

/** References to the named schemas, at the top and in a union, which is as deep as bodies of requests have them. */
const resolved = (schema: Schema): Schema => {
  const target = typeof schema.$ref === "string" ? named.get(schema.$ref) : undefined;
  if (target !== undefined) return target;
  return Array.isArray(schema.anyOf) ? { ...schema, anyOf: schema.anyOf.map(resolved) } : schema;
};

/** Text of a query or path as the number that its schema wants, if it is one; else left for the schema to refuse. */
const withNumbers = (schema: Schema, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const converted = Object.entries(values).map(([name, value]) => {
    const isNumber = Object.hasOwn(properties, name) && properties[name]?.type === "integer";
    return [name, isNumber && typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value];
  });
  return Object.fromEntries(converted);
};

export const requestValidator = (validator: PayloadValidator): FastifySchemaCompiler<TSchema> => {
  return ({ schema: given, httpPart }) => {
    const schema = resolved(given as Schema);
    // Compiled at the first request: most routes are asked for nothing in most lives of a gateway.
    let validate: ReturnType<PayloadValidator["compile"]> | null = null;
    return (value: JsonValue) => {
      validate ??= validator.compile(tellingSchema(schema));
      const converted = httpPart === "body" ? value : withNumbers(schema, value as Record<string, unknown>);
      const errors = validate(converted as JsonValue);
      return errors.length > 0 ? { error: invalidQuery(...errors) } : { value: converted };
    };
  };
};
