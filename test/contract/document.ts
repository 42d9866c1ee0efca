/** The OpenAPI document as the contract test reads it: operations, and validators of what they take and answer. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export type Json = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Json;
  readonly example?: unknown;
}

export interface DocumentedAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Json>>;
  readonly content?: Readonly<Record<string, { readonly schema: Json; readonly example?: unknown }>>;
}

export interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Json[];
  readonly parameters: readonly Parameter[];
  readonly body: Json | null;
  /** Has an `example`, or has none. */
  readonly bodyExample: object;
  readonly answers: Readonly<Record<string, DocumentedAnswer>>;
}

const COMPONENTS = "#/components/schemas/";

const asDefinitions = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(asDefinitions);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      name,
      name === "$ref" ? `${value}`.replace(COMPONENTS, "#/$defs/") : asDefinitions(value),
    ]),
  );
};

export class ApiDocument {
  readonly schemas: Readonly<Record<string, Json>>;
  readonly operations: readonly Operation[];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #definitions: unknown;

  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape
  constructor(document: any) {
    addFormats.default(this.#ajv);
    this.schemas = document.components.schemas;
    this.#definitions = asDefinitions(document.components.schemas);
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      // biome-ignore lint/suspicious/noExplicitAny: as above
      Object.entries(methods as any).map(([method, operation]: [string, any]) => ({
        ...operation,
        path,
        method: method.toUpperCase(),
        security: operation.security ?? document.security,
        parameters: operation.parameters ?? [],
        body: operation.requestBody?.content["application/json"]?.schema ?? null,
        bodyExample: operation.requestBody?.content["application/json"] ?? {},
        answers: operation.responses,
      })),
    );
  }

  /** The schema that a reference leads to, or the schema itself. */
  resolve(schema: Json): Json {
    const { $ref } = schema;
    return typeof $ref === "string" ? this.resolve(this.schemas[$ref.slice(COMPONENTS.length)] as Json) : schema;
  }

  /** What is wrong with the value, a line an error; empty when nothing is. */
  errors(schema: Json, value: unknown): readonly string[] {
    const key = JSON.stringify(schema);
    let validate = this.#validators.get(key);
    if (validate === undefined) {
      validate = this.#ajv.compile({ ...(asDefinitions(schema) as object), $defs: this.#definitions });
      this.#validators.set(key, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  }
}
