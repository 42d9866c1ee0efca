/** One raw value, as text or as a config file has it, against one field's schema. */
import { parseEndpointList } from "@sluice/adapter-http/guard";
import type { ConfigurationField } from "@sluice/contracts";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";

export type ParsedValue = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** The parts of a schema that the declarations use. */
interface FieldSchema {
  readonly type?: "string" | "integer" | "number" | "boolean";
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

const convert = (schema: FieldSchema, raw: unknown): unknown => {
  switch (schema.type) {
    case "boolean":
      return typeof raw === "boolean"
        ? raw
        : Object.hasOwn(BOOLEANS, `${raw}`.toLowerCase())
          ? BOOLEANS[`${raw}`.toLowerCase()]
          : raw;
    case "integer":
    case "number":
      // `Number` alone would take "", " 7 ", "0x10" and "1e3" too.
      return typeof raw === "string" && /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    default:
      return schema.enum !== undefined && typeof raw === "string" ? raw.toLowerCase() : raw;
  }
};

/** @param raw text from the environment or a flag; from a config file also a number or boolean */
export const parseValue = (field: ConfigurationField<TSchema>, raw: unknown): ParsedValue => {
  const value = convert(field.schema as FieldSchema, raw);
  if (!Value.Check(field.schema, value)) return { ok: false };
  if (field.kind === "url" && !isUsableUrl(value as string)) return { ok: false };
  if (field.kind === "endpoints" && !parseEndpointList(value as string).ok) return { ok: false };
  return { ok: true, value };
};

const isUsableUrl = (text: string): boolean => {
  const path = /^sqlite:(.*)$/s.exec(text)?.[1];
  // Several connections share the database, so one in memory would be a different one for each.
  if (path !== undefined) return path.replace(/^\/\/$/, "") !== "" && path !== ":memory:";
  // A connection string may name several hosts.
  const hosts = /^(?:esdb|kurrentdb|kurrent|kdb)(?:\+discover)?:\/\/(?:[^@/]*@)?([^@/?]+)\/?(?:\?[^@]*)?$/i.exec(
    text,
  )?.[1];
  if (hosts !== undefined) return hosts.split(",").every((host) => URL.canParse(`http://${host}`));
  const url = URL.parse(text);
  // A password with an unescaped / ? or # ends the host too early, and leaves its @ behind.
  return url !== null && url.hostname !== "" && !`${url.pathname}${url.search}${url.hash}`.includes("@");
};

/**
 * What the field wants, to end the sentence "it wants …".
 * @param raw the value that will not do; text that a config file has as a number needs to be told to use quotes
 */
export const wants = (field: ConfigurationField<TSchema>, raw?: unknown): string => {
  if (field.wants !== undefined) return field.wants;
  if (field.kind === "file") return "the name of a readable file";
  const schema = field.schema as FieldSchema;
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  switch (schema.type) {
    case "boolean":
      return "true or false (or yes, no, 1, 0)";
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    default:
      return raw === undefined || typeof raw === "string" ? text(schema) : `${text(schema)}, in quotes`;
  }
};

const range = ({ minimum, exclusiveMinimum, maximum }: FieldSchema): string => {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(maximum === undefined ? [] : [`up to ${maximum}`]),
  ];
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
};

const text = ({ minLength = 0, maxLength }: FieldSchema): string => {
  if (minLength > 1) return `text of at least ${minLength} characters`;
  if (maxLength !== undefined) return `text of ${minLength} to ${maxLength} characters`;
  return "text";
};
