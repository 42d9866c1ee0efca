/** What each role may do: every operation of the OpenAPI document, asked with each. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { roles } from "@sluice/contracts";
import { routeAccess } from "../../packages/app/src/http/access.ts";
import type { OpenApiDocument } from "../contract/document.ts";
import { AdminFixture, type Call, TOKEN } from "../http-api/support/admin-fixture.ts";

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly "x-role"?: (typeof roles)[number];
  readonly responses: Readonly<Record<string, unknown>>;
}

describe("roles", () => {
  let api: AdminFixture;
  const tokens: Record<string, string> = {};
  let operations: { readonly method: string; readonly path: string; readonly operation: Operation }[];

  before(async () => {
    api = await new AdminFixture().start();
    for (const role of roles) {
      const { body } = await api.call("/api/v1/tokens", { body: { name: `a-${role}`, role } });
      tokens[role] = body.token;
    }
    const { body: document } = await api.call<OpenApiDocument>("/documentation/json");
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation: operation as unknown as Operation,
      })),
    );
  });
  after(() => api.stop());

  it("are stated for every route, in one place", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.deepEqual(
      ids.filter((id) => !Object.hasOwn(routeAccess, id)),
      [],
      "a new route needs a role in packages/app/src/http/access.ts",
    );
    for (const { operation, path } of operations) {
      const role = operation["x-role"];
      assert.equal(role === undefined, operation.security?.length === 0, path);
      assert.equal(operation.responses["403"] !== undefined, role === "operator" || role === "admin", path);
      assert.equal(operation.responses["401"] !== undefined, role !== undefined, path);
    }
  });

  it("let a viewer do nothing but read", () => {
    for (const { method, path, operation } of operations) {
      if (operation["x-role"] === "viewer") assert.equal(method, "GET", path);
      if (method !== "GET") assert.match(`${operation["x-role"]}`, /^(operator|admin)$/, path);
    }
  });

  it("get 403 where they do not suffice, and never where they do", async () => {
    for (const { method, path, operation } of operations) {
      const needed = operation["x-role"];
      if (needed === undefined) continue;
      const url = `${path.replaceAll(/\{\w+\}/g, "none")}?nonsense=1`;
      for (const role of roles) {
        // A body and a query that no route takes: a request that is let in changes nothing, and no stream begins.
        const call = { method, token: tokens[role], remoteAddress: "192.0.2.1" } as Call;
        const { status, body } = await api.call(url, method === "GET" ? call : { ...call, body: { nonsense: 1 } });
        const isEnough: boolean = roles.indexOf(role) >= roles.indexOf(needed);
        assert.equal(status === 403, !isEnough, `${role}: ${method} ${path} answered ${status}`);
        if (!isEnough) assert.equal(body.code, "forbidden");
        assert.notEqual(status, 401);
      }
    }
  });

  it("need a token, whatever its role, for what is under /api and not there", async () => {
    assert.equal((await api.call("/api/v1/nope", { token: tokens.viewer ?? "" })).status, 404);
    assert.equal((await api.call("/api/v1/nope", { token: null })).status, 401);
  });

  it("show what endpoints are sent to let Sluice in to admins alone", async () => {
    const secret = "hunter2-hunter2";
    const endpoint = {
      type: "POST_ENDPOINT",
      url: `https://ingest.example/x?key=${secret}`,
      headers: { Authorization: `Bearer ${secret}` },
    };
    const definition = { code: "HOOK", topic: "hook", actions: [endpoint] };
    await api.call("/api/v1/flows", { body: definition });
    const changed = { ...endpoint, url: `https://other.example/?key=${secret}`, headers: { "X-Key": secret } };
    await api.call("/api/v1/flows/HOOK", { method: "PUT", body: { ...definition, actions: [changed] } });
    const [{ recordedAt }] = await api.all("/api/v1/events?type=FlowDefined&flow=HOOK");
    const urls = [
      "/api/v1/flows",
      "/api/v1/flows/HOOK",
      `/api/v1/flows/HOOK?at=${recordedAt}`,
      "/api/v1/flows/HOOK/history",
      "/api/v1/events?flow=HOOK",
    ];
    for (const url of urls) {
      for (const role of ["viewer", "operator"]) {
        const { status, body } = await api.call(url, { token: tokens[role] ?? "" });
        assert.equal(status, 200, url);
        assert.equal(JSON.stringify(body).includes(secret), false, `${role}: ${url}`);
        assert.match(JSON.stringify(body), /"(Authorization|X-Key)":"\*\*\*"/, url);
      }
      assert.match(JSON.stringify((await api.call(url)).body), new RegExp(secret), url);
    }
    const test = { token: tokens.operator ?? "", body: { topic: "hook", payload: { a: 1 } } };
    const tested = await api.call("/api/v1/flows/HOOK/test", test);
    assert.equal(tested.body.requests.length, 1);
    assert.equal(JSON.stringify(tested.body).includes(secret), false);
    assert.equal((await api.call("/api/v1/flows/HOOK/test", { ...test, token: TOKEN })).body.requests.length, 1);
  });
});
