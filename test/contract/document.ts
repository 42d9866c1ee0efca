/** The OpenAPI document as tests read it: operations, and validators of what they take and answer. */
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

/** The document as it is served. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, ServedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: Json };
  readonly security: readonly Json[];
}
export interface ServedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly security?: readonly Json[];
  readonly summary: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
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

/** A member that is not declared is an error, unless the schema says that there may be others. */
const closed = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([name, value]) => [name, closed(value)]);
  const isOpen = "properties" in node && "type" in node && !("additionalProperties" in node);
  return Object.fromEntries(isOpen ? [...entries, ["additionalProperties", false]] : entries);
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

  /** The operation that an address leads to; undefined: none. HEAD is GET without the body. */
  find(method: string, url: string): Operation | undefined {
    const asked = (url.split("?", 1)[0] as string).replace(/\/+$/, "");
    const verb = method === "HEAD" ? "GET" : method;
    const fits = ({ path }: Operation): boolean =>
      new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(asked);
    const parameters = ({ path }: Operation): number => path.split("{").length;
    const found = this.operations.filter(fits).sort((a, b) => parameters(a) - parameters(b));
    return found.find(({ method: of, path }) => of === verb && path === found[0]?.path);
  }

  /** What is wrong with the value, a line an error; empty when nothing is. */
  errors(schema: Json, value: unknown): readonly string[] {
    return this.#errors(schema, value, (given) => given);
  }

  /** As `errors`, of what a server sends: it has nothing but what is declared. */
  errorsOfAnswer(schema: Json, value: unknown): readonly string[] {
    return this.#errors(schema, value, closed);
  }

  #errors(schema: Json, value: unknown, form: typeof closed): readonly string[] {
    const key = `${form.name} ${JSON.stringify(schema)}`;
    let validate = this.#validators.get(key);
    if (validate === undefined) {
      const whole = { ...(asDefinitions(schema) as object), $defs: this.#definitions };
      validate = this.#ajv.compile(form(whole) as object);
      this.#validators.set(key, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  }
}
