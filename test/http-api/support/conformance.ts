/** Holds answers against the OpenAPI document: the status is declared, the body is of its schema and has nothing else. */
import assert from "node:assert/strict";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { problems } from "@sluice/contracts";
import type { Validate } from "@sluice/domain";

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | number | undefined>>;
  readonly body: T;
}

type Json = Readonly<Record<string, unknown>>;
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly security?: readonly Json[];
  readonly summary: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly headers?: Json;
        readonly content?: Readonly<Record<string, { readonly schema: unknown }>>;
      }
    >
  >;
}
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: Json };
  readonly security: readonly Json[];
}

/** The schema with references into `$defs`, and closed: a member that is not declared is an error. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, value]) => [
    name,
    name === "$ref" ? (value as string).replace("#/components/schemas/", "#/$defs/") : closed(value),
  ]);
  const isOpen = "properties" in schema && "type" in schema && !("additionalProperties" in schema);
  return Object.fromEntries(isOpen ? [...entries, ["additionalProperties", false]] : entries);
};

export class Conformance {
  readonly #document: OpenApiDocument;
  readonly #validates = new Map<string, Validate>();
  readonly #paths: readonly { readonly path: string; readonly pattern: RegExp }[];

  constructor(document: OpenApiDocument) {
    this.#document = document;
    this.#paths = Object.keys(document.paths).map((path) => ({
      path,
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    }));
  }

  check(method: string, url: string, { status, headers, body }: Answer): void {
    const path = (url.split("?", 1)[0] as string).replace(/\/+$/, "");
    const where = `${method} ${url} answered ${status}`;
    assert.ok(headers["x-request-id"], where);
    if (status >= 400 && method !== "HEAD") this.#checkProblem(where, status, headers, body);
    const operation = this.#operation(method, path);
    if (operation === undefined) {
      const unknown = path.startsWith("/documentation") || [400, 401, 404, 405].includes(status);
      assert.ok(unknown, `${where}, and the document does not have it`);
      return;
    }
    const declared = operation.responses[status];
    assert.ok(declared, `${where}, which is not declared`);
    if (method === "HEAD" || declared.content === undefined) return;
    const [[mediaType, { schema }] = ["", { schema: true }]] = Object.entries(declared.content);
    assert.equal(`${headers["content-type"]}`.split(";", 1)[0], mediaType, where);
    const key = `${operation.operationId} ${status}`;
    let validate = this.#validates.get(key);
    if (validate === undefined) {
      const $defs = closed(this.#document.components.schemas);
      validate = new AjvPayloadValidator().compile({ ...(closed(schema) as object), $defs });
      this.#validates.set(key, validate);
    }
    assert.deepEqual(validate(body as never), [], `${where}: ${JSON.stringify(body)}`);
    if (status >= 400 && operation.operationId !== "health" && operation.operationId !== "ready") {
      const { code } = body as { code: string };
      assert.ok(declared.description.includes(`\`${code}\``), `${where} with ${code}, which is not declared`);
    }
  }

  #operation(method: string, path: string): Operation | undefined {
    const verb = (method === "HEAD" ? "GET" : method).toLowerCase();
    // A path without parameters goes first.
    const found = this.#paths.filter(({ pattern }) => pattern.test(path)).sort((a, b) => countOf(a) - countOf(b))[0];
    return found && this.#document.paths[found.path]?.[verb];
  }

  #checkProblem(where: string, status: number, headers: Answer["headers"], body: unknown): void {
    if (`${headers["content-type"]}`.startsWith("application/json")) return;
    const problem = body as { code: keyof typeof problems; status: number; title: string; type: string };
    assert.match(`${headers["content-type"]}`, /^application\/problem\+json/, where);
    assert.equal(problem.status, status, where);
    assert.equal(problem.title, problems[problem.code]?.title, where);
    assert.equal(problem.type, `urn:sluice:problem:${problem.code}`, where);
  }
}

const countOf = ({ path }: { readonly path: string }): number => path.split("{").length;
