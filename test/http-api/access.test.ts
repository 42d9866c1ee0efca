/** Who gets in, what is open to anyone, and the headers that every answer has. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { HealthReport } from "@sluice/contracts";
import type { OpenApiDocument } from "../contract/document.ts";
import { AdminFixture, healthy, TOKEN } from "./support/admin-fixture.ts";

describe("access", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    await api.define("A", "a");
  });
  after(() => api.stop());

  it("takes the token, and only the token", async () => {
    const ask = (authorization: string) => api.call("/api/v1/flows", { token: null, headers: { authorization } });
    for (const good of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN} `]) {
      assert.equal((await ask(good)).status, 200, good);
    }
    for (const bad of [
      "",
      TOKEN,
      "Bearer",
      "Bearer ",
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${TOKEN.toUpperCase()}`,
      `Bearer x${TOKEN}`,
      `Bearer ${TOKEN}, Bearer ${TOKEN}`,
    ]) {
      const { status, headers, body } = await ask(bad);
      assert.deepEqual([status, body.code], [401, "unauthorized"], bad);
      assert.match(`${headers["www-authenticate"]}`, /^Bearer realm="sluice"(, error="invalid_token")?$/);
    }
  });

  it("asks for it at every address that is not declared open, before anything else", async () => {
    const { body: document } = await api.call<OpenApiDocument>("/documentation/json");
    const open: string[] = [];
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { security, operationId }] of Object.entries(operations)) {
        const url = path.replaceAll(/\{\w+\}/g, "A");
        const call = { method: method.toUpperCase() as "GET", token: null, remoteAddress: "192.0.2.1" };
        const { status } = await api.call(url, call);
        if (security?.length === 0) open.push(operationId);
        assert.equal(status === 401, security?.length !== 0, `${method} ${path}: ${status}`);
        if (method === "get") {
          assert.equal((await api.call(url, { ...call, method: "HEAD" })).status === 401, status === 401, path);
        }
      }
    }
    assert.deepEqual(open.sort(), ["health", "live", "ready"]);
    for (const url of ["/api/v1/nope", "/api/v1/flows/A/nope", "/api"]) {
      assert.equal((await api.call(url, { token: null })).status, 401, url);
    }
    assert.equal((await api.call("/favicon.ico", { token: null })).status, 404);
    assert.equal((await api.call("/api/v1/flows", { token: null, body: "{" })).status, 401);
  });

  it("gives metrics to this machine, and to others only with the token", async () => {
    const ask = (remoteAddress: string, token: string | null = null, headers = {}) =>
      api.call("/metrics", { remoteAddress, token, headers });
    for (const local of ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"]) {
      const { status, body, headers } = await ask(local);
      assert.deepEqual([status, body], [200, "sluice_up 1\n"], local);
      assert.match(`${headers["content-type"]}`, /^text\/plain; version=0\.0\.4/);
    }
    for (const remote of ["192.0.2.1", "::2", "::ffff:192.0.2.1", "fe80::1"]) {
      assert.equal((await ask(remote)).status, 401, remote);
      assert.equal((await ask(remote, TOKEN)).status, 200, remote);
    }
    for (const name of ["x-forwarded-for", "forwarded"]) {
      assert.equal((await ask("127.0.0.1", null, { [name]: "for=192.0.2.1" })).status, 401, "through a proxy");
    }
  });

  it("says how the gateway is", async () => {
    const as = async (change: Partial<HealthReport>) => {
      api.health = async () => ({ ...healthy, ...change });
      const answers = await Promise.all(
        ["/health", "/health/ready", "/health/live"].map((url) => api.call(url, { token: null })),
      );
      return { statuses: answers.map((answer) => answer.status), bodies: answers.map((answer) => answer.body) };
    };
    assert.deepEqual((await as({})).statuses, [200, 200, 200]);
    const reason = { code: "dead-letters", status: "degraded", message: "3" } as const;
    const degraded = await as({ status: "degraded", reasons: [reason] });
    assert.deepEqual(degraded.statuses, [200, 200, 200]);
    assert.deepEqual(degraded.bodies[1], { ready: true, status: "degraded", reasons: [reason] });
    const unhealthy = await as({ status: "unhealthy", log: { ...healthy.log, writable: false } });
    assert.deepEqual(unhealthy.statuses, [503, 503, 200]);
    assert.deepEqual([unhealthy.bodies[0].log.writable, unhealthy.bodies[1].ready], [false, false]);
    assert.deepEqual(unhealthy.bodies[2], { status: "healthy" });
  });

  it("gives every answer an id, and headers that cost nothing", async () => {
    for (const [url, given, kept] of [
      ["/api/v1/flows", "ticket-42:a.b_c", true],
      ["/nope", "ok", true],
      ["/api/v1/flows", "no spaces", false],
      ["/api/v1/flows", "x".repeat(101), false],
      ["/api/v1/flows", "", false],
      ["/api/v1/flows/%E0%A4%A", "bad-url", true],
    ] as const) {
      const { headers } = await api.call(url, { headers: { "x-request-id": given } });
      assert.equal(headers["x-request-id"] === given, kept, given);
      assert.ok(`${headers["x-request-id"]}`.length > 1);
    }
    const { headers } = await api.call("/api/v1/flows/A/");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["access-control-allow-origin"], undefined);
  });
});
