/** The OpenAPI document: complete, well-formed, and on a page that needs nothing from elsewhere. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { apiSchemas } from "@sluice/contracts";
import type { OpenApiDocument } from "../contract/document.ts";
import { AdminFixture } from "./support/admin-fixture.ts";

const ROUTES = [
  "DELETE /api/v1/flows/{code}",
  "DELETE /api/v1/replays/{id}",
  "DELETE /api/v1/tokens/{name}",
  "GET /api/v1/checkpoints",
  "GET /api/v1/checkpoints/latest",
  "GET /api/v1/data",
  "GET /api/v1/data/{id}",
  "GET /api/v1/dead-letters",
  "GET /api/v1/dead-letters/causes",
  "GET /api/v1/dead-letters/{id}",
  "GET /api/v1/events",
  "GET /api/v1/flows",
  "GET /api/v1/flows/{code}",
  "GET /api/v1/flows/{code}/history",
  "GET /api/v1/live",
  "GET /api/v1/messages/{messageId}",
  "GET /api/v1/publish",
  "GET /api/v1/replays",
  "GET /api/v1/replays/{id}",
  "GET /api/v1/tokens",
  "GET /health",
  "GET /health/live",
  "GET /health/ready",
  "GET /metrics",
  "POST /api/v1/checkpoints",
  "POST /api/v1/dead-letters/discard",
  "POST /api/v1/dead-letters/retry",
  "POST /api/v1/dead-letters/{id}/discard",
  "POST /api/v1/dead-letters/{id}/retry",
  "POST /api/v1/flows",
  "POST /api/v1/flows/{code}/disable",
  "POST /api/v1/flows/{code}/enable",
  "POST /api/v1/flows/{code}/rollback",
  "POST /api/v1/flows/{code}/test",
  "POST /api/v1/publish",
  "POST /api/v1/reload",
  "POST /api/v1/replays",
  "POST /api/v1/tokens",
  "PUT /api/v1/flows/{code}",
];

/** Every value under this member, however deep. */
const valuesOf = (node: unknown, member: string): unknown[] => {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => [
    ...(name === member && typeof value !== "object" ? [value] : []),
    ...valuesOf(value, member),
  ]);
};

describe("the OpenAPI document", () => {
  let api: AdminFixture;
  let document: OpenApiDocument;
  before(async () => {
    api = await new AdminFixture().start();
    document = (await api.call("/documentation/json", { token: null })).body;
  });
  after(() => api.stop());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );

  it("has every route, each described", () => {
    assert.equal(document.openapi, "3.1.0");
    assert.deepEqual(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
      ROUTES,
    );
    const ids = operations().map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ROUTES.length);
    for (const { path, operation } of operations()) {
      assert.ok(operation.summary && operation.tags.length === 1, path);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(
        declared.map((parameter) => parameter.name),
        named,
        path,
      );
      for (const [status, response] of Object.entries(operation.responses)) {
        assert.ok(response.description && response.description !== "Default Response", `${path} ${status}`);
        if (Number(status) >= 400 && !path.startsWith("/health")) {
          assert.deepEqual(Object.keys(response.content ?? {}), ["application/problem+json"], `${path} ${status}`);
        }
      }
    }
    const creation = document.paths["/api/v1/flows"]?.post?.responses["201"];
    assert.deepEqual(Object.keys(creation?.headers ?? {}).sort(), ["ETag", "Location"]);
  });

  it("names its schemas, which are JSON Schema, and every reference leads to one", () => {
    const names = apiSchemas.map((schema) => (schema as { $id?: string }).$id as string);
    assert.deepEqual(Object.keys(document.components.schemas).sort(), names.sort());
    const references = new Set(valuesOf(document, "$ref"));
    assert.deepEqual(references, new Set(names.map((name) => `#/components/schemas/${name}`)));
    const asDefs = (text: string) => text.replaceAll("#/components/schemas/", "#/$defs/");
    const $defs = JSON.parse(asDefs(JSON.stringify(document.components.schemas)));
    const validator = new AjvPayloadValidator();
    for (const name of names) validator.compile({ $ref: `#/$defs/${name}`, $defs });
    assert.deepEqual(valuesOf(document, "$id"), []);
  });

  it("is read on a page that asks no other origin for anything", async () => {
    const page = await api.call<string>("/documentation", { token: null });
    assert.equal(page.status, 200);
    const policy = `${page.headers["content-security-policy"]}`;
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /https?:|unsafe/);
    const addresses = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address as string);
    assert.ok(addresses.length >= 6);
    for (const address of addresses) {
      assert.match(address, /^\/documentation\//);
      assert.equal((await api.call(address, { token: null })).status, 200, address);
    }
    assert.doesNotMatch(page.body, /<script(?! src=)|<style| style=/, "nothing inline, which the policy forbids");
    const initializer = await api.call<string>("/documentation/static/swagger-initializer.js", { token: null });
    assert.match(initializer.body, /"validatorUrl":null/);
    assert.equal((await api.call("/documentation/static/nope.js", { token: null })).status, 404);
    assert.equal((await api.call("/documentation/static/..%2f..%2fpackage.json", { token: null })).status, 404);
  });
});
