/**
 * The OpenAPI document is kept: a gateway is asked for everything that its document describes, rightly and wrongly, and
 * each answer is held against it. A new operation takes part by itself, or fails by name until ./world.ts knows a
 * request for it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { valuesOf } from "./arbitraries.ts";
import { checkAnswer } from "./check.ts";
import { ApiDocument, type Operation } from "./document.ts";
import { badBodies, badTexts } from "./mutations.ts";
import { type Request, World } from "./world.ts";

const SEED = 20260131;
const RUNS = 12;
const BODY_LIMIT = 1024 * 1024;
const CONDITIONS = ['"1"', 'W/"1"', "*", '"1", "2"', "nonsense"];

describe("the admin API and its OpenAPI document", () => {
  const world = new World();
  let document: ApiDocument;
  /** One good request each, not to be used up by requests that are refused. */
  const good = new Map<string, Request>();

  before(async () => {
    await world.start(() => readFileSync(join(world.gateway.dataDir, "admin-token"), "utf8").trim());
    document = new ApiDocument((await world.gateway.api("/documentation/json")).body);
    for (const operation of document.operations) {
      const request = await world.requestFor(operation);
      if (request !== undefined) good.set(operation.operationId, request);
    }
  });
  after(() => world.stop());

  const requestOf = ({ operationId }: Operation): Request => {
    const request = good.get(operationId);
    assert.ok(request, `no request is known for ${operationId}: test/contract/world.ts needs one`);
    return request;
  };

  /** @returns the status */
  const ask = async (operation: Operation, request: Request, what: string): Promise<number> => {
    const answer = await world.send(operation, request);
    checkAnswer(document, operation, answer, `${what}, ${JSON.stringify(request).slice(0, 300)}`);
    return answer.status;
  };

  const refused = async (operation: Operation, request: Request, what: string, ...statuses: number[]) => {
    const status = await ask(operation, request, what);
    assert.ok(
      statuses.includes(status),
      `${operation.operationId}, ${what}: ${status} instead of ${statuses.join(" or ")}; ${JSON.stringify(request).slice(0, 300)}`,
    );
  };

  it("refuses what has no token, or one of too small a role", async () => {
    for (const operation of document.operations) {
      const request = requestOf(operation);
      const isOpen = operation.security?.some((scheme) => Object.keys(scheme).length === 0) ?? false;
      if (operation.security?.length === 0 || isOpen) {
        assert.ok((await ask(operation, { ...request, token: null }, "no token")) < 400);
        continue;
      }
      await refused(operation, { ...request, token: null }, "no token", 401);
      const { "x-role": role } = operation as { readonly "x-role"?: string };
      if (role !== "viewer") await refused(operation, { ...request, token: world.viewerToken }, "a viewer", 403);
    }
  });

  it("refuses bodies that the document does not allow", async () => {
    for (const operation of document.operations) {
      const { body } = operation;
      if (body === null) continue;
      const request = requestOf(operation);
      const bad = badBodies(document, body, request.body);
      assert.ok(bad.length > 5, operation.operationId);
      for (const { what, value } of bad)
        await refused(operation, { ...request, body: JSON.stringify(value) }, what, 422);
      await refused(operation, { ...request, body: '{"code":' }, "half of a JSON document", 400);
      await refused(operation, { ...request, headers: { "content-type": "text/plain" } }, "a body of text", 415);
      await refused(operation, { ...request, body: JSON.stringify("x".repeat(BODY_LIMIT)) }, "too large a body", 413);
    }
  });

  it("refuses parameters that the document does not allow", async () => {
    for (const operation of document.operations) {
      const request = requestOf(operation);
      for (const parameter of operation.parameters) {
        for (const text of badTexts(document, parameter)) {
          const { name } = parameter;
          const what = `${name} is ${JSON.stringify(text.slice(0, 40))}`;
          // An empty part of a path is another address.
          if (parameter.in === "query") {
            await refused(operation, { ...request, query: { [name]: text } }, what, 400, 422);
          } else if (parameter.in === "path" && text !== "") {
            await refused(operation, { ...request, path: { ...request.path, [name]: text } }, what, 404, 422);
          }
        }
      }
      if (!operation.parameters.some((parameter) => parameter.in === "query")) continue;
      await refused(operation, { ...request, query: { nope: "1" } }, "an unknown parameter", 422);
      const [first] = operation.parameters.filter((parameter) => parameter.in === "query");
      await refused(operation, { ...request, query: { [first?.name ?? ""]: ["1", "2"] } }, "one parameter twice", 422);
    }
  });

  it("does not find what is not there", async () => {
    for (const operation of document.operations) {
      const names = operation.parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      if (names.length === 0 || operation.answers["404"] === undefined) continue;
      const request = requestOf(operation);
      for (const text of ["not-there", "a b/c?d#e%", "ünknown", "00000000-0000-7000-8000-000000000000"]) {
        const path = Object.fromEntries(names.map((name) => [name, text]));
        const status = await ask(operation, { ...request, path }, `there is no ${text}`);
        // What can be put there may be created; all else is not there, or cannot be.
        assert.ok([404, 422].includes(status), `${operation.operationId} of ${text}: ${status}`);
      }
    }
  });

  it("says which methods an address takes", async () => {
    for (const path of new Set(document.operations.map((operation) => operation.path))) {
      const { status, headers, text } = await world.send({ method: "PATCH", path }, {});
      assert.equal(status, 405, path);
      assert.match(headers.get("allow") ?? "", /GET|POST|PUT|DELETE/);
      assert.deepEqual(document.errors({ $ref: "#/components/schemas/Problem" }, JSON.parse(text)), []);
    }
  });

  it("takes a good request of every operation", async () => {
    for (const operation of document.operations) {
      const status = await ask(operation, requestOf(operation), "a good request");
      assert.ok(status >= 200 && status < 300, `${operation.operationId}: ${status}`);
    }
  });

  it("answers as documented to whatever the document allows", async () => {
    for (const operation of document.operations) {
      const request = requestOf(operation);
      const of = (place: "query" | "header") => operation.parameters.filter((parameter) => parameter.in === place);
      const query = Object.fromEntries(of("query").map(({ name, schema }) => [name, valuesOf(document, schema)]));
      const headers = Object.fromEntries(of("header").map(({ name }) => [name, fc.constantFrom(...CONDITIONS)]));
      const arbitrary = fc.record({
        query: fc.record(query, { requiredKeys: [] }),
        headers: fc.record(headers, { requiredKeys: [] }),
        body: operation.body === null ? fc.constant(undefined) : valuesOf(document, operation.body),
      });
      const property = fc.asyncProperty(arbitrary, async ({ query, headers, body }) => {
        if (operation.body !== null) assert.deepEqual(document.errors(operation.body, body), []);
        const text = body === undefined ? undefined : JSON.stringify(body);
        const sent = headers as Readonly<Record<string, string>>;
        await ask(operation, { ...request, query, headers: sent, body: text }, "allowed");
      });
      await fc.assert(property, { seed: SEED, numRuns: RUNS });
    }
  });
});
