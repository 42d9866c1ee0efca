/** Tokens, the audit and the guard on endpoints with real gateways, on SQLite and on a PostgreSQL log that two share. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { sluice } from "../cli/command-line.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";

const ADMIN_TOKEN = "the-admin-token-of-this-test";
const FLOW = { code: "A", topic: "a", actions: [{ type: "STORE_DB" }] };

const startGateway = async (t: TestContext, env: Record<string, string> = {}) => {
  const gateway = new GatewayProcess({ env: { ADMIN_TOKEN, LOG_LEVEL: "trace", ...env } });
  t.after(() => gateway.dispose());
  await gateway.start();
  return gateway;
};

const withToken = (gateway: GatewayProcess, token: string, path = "/api/v1/flows", init = {}) =>
  gateway.api(path, { ...init, headers: { authorization: `Bearer ${token}` } });

const commands = (gateway: GatewayProcess) => (args: readonly string[]) =>
  sluice([...args, "--data-dir", gateway.dataDir], { env: { ADMIN_TOKEN } });

interface Event {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

describe("access to one gateway", () => {
  it("is given, used, limited to its role, audited and taken away, through a restart", async (t) => {
    const gateway = await startGateway(t);
    const run = commands(gateway);
    const made = await run(["tokens", "create", "grafana", "--role", "viewer", "--expires-in", "90d"]);
    assert.deepEqual([made.code, made.stderr.match(/^grafana is a viewer, until \d{4}-/)?.length], [0, 1], made.stderr);
    const token = made.stdout.trim();
    assert.match(token, /^slc_[0-9a-f]{16}_[\w-]{43}$/);
    assert.equal((await withToken(gateway, token)).status, 200);
    assert.equal((await withToken(gateway, token, "/api/v1/flows", { body: FLOW })).status, 403);
    assert.match((await run(["tokens", "list"])).stdout, /^grafana +viewer +\d{4}-.*Z +\d{4}-.*Z +\d{4}-.*api:admin$/m);
    const refused = await sluice(["flows", "disable", "A", "--data-dir", gateway.dataDir, "--token", token], {});
    assert.deepEqual([refused.code, refused.stderr.includes("role does not suffice")], [1, true], refused.stderr);
    const again = await run(["tokens", "create", "grafana", "--role", "viewer"]);
    assert.deepEqual([again.code, /exists already/.test(again.stderr)], [1, true]);

    await gateway.kill();
    await gateway.start();
    assert.equal((await withToken(gateway, token)).status, 200);
    assert.equal((await run(["tokens", "revoke", "grafana"])).stdout, "grafana is revoked\n");
    assert.equal((await withToken(gateway, token)).status, 401);
    assert.equal((await run(["tokens", "revoke", "grafana"])).code, 1);
    await gateway.stop();
    await gateway.start();
    assert.equal((await withToken(gateway, token)).status, 401);

    const events = await gateway.all<Event>("/api/v1/events");
    const of = (type: string) => events.filter((event) => event.type === type);
    assert.deepEqual(
      of("RequestAudited").map(({ data, metadata }) => [data.method, data.path, data.status, metadata.actor]),
      [
        ["POST", "/api/v1/tokens", 201, "api:admin"],
        ["POST", "/api/v1/tokens", 409, "api:admin"],
        ["DELETE", "/api/v1/tokens/grafana", 204, "api:admin"],
        ["DELETE", "/api/v1/tokens/grafana", 404, "api:admin"],
      ],
    );
    // Those before the kill are lost with it: less than a minute of counts.
    assert.deepEqual(
      of("RequestsRefused").map(({ data }) => [data.reason, data.count]),
      [["unauthorized", 1]],
    );
    const line = (await run(["events", "--type", "TokenRevoked"])).stdout;
    assert.match(line, /TokenRevoked +grafana by api:admin/);
  });

  it("leaves no secret in a log, an event, an answer, a figure or a file, wherever someone puts it", async (t) => {
    const gateway = await startGateway(t);
    const made = await gateway.api("/api/v1/tokens", { body: { name: "bot", role: "admin" } });
    const { token } = made.body;
    const secrets = [token.slice(-43), ADMIN_TOKEN];
    const answers: string[] = [];
    const ask = async (path: string, init: Parameters<GatewayProcess["api"]>[1] = {}) => {
      const { status, headers, body } = await gateway.api(path, init);
      answers.push(
        `${path.split("?")[0]?.slice(0, 20)} ${status} ${JSON.stringify([...headers])} ${JSON.stringify(body)}`,
      );
      return status;
    };
    for (const secret of [token, ADMIN_TOKEN]) {
      const bearer = { authorization: `Bearer ${secret}` };
      await ask("/api/v1/flows", { headers: bearer });
      await ask("/api/v1/flows", { headers: { authorization: secret } });
      await ask("/api/v1/flows", { headers: { authorization: `Basic ${secret}` } });
      await ask("/api/v1/flows", { headers: { authorization: `Bearer ${secret}x` } });
      await ask("/api/v1/flows", { headers: { ...bearer, cookie: `token=${secret}`, "x-api-key": secret } });
      await ask("/api/v1/flows", { body: "{", headers: bearer });
      await ask("/api/v1/flows", { body: { ...FLOW, code: `F${answers.length}` }, headers: bearer });
    }
    // The made token in places where it would be quoted, recorded or logged.
    const bearer = { authorization: `Bearer ${token}` };
    await ask(`/api/v1/flows?token=${token}`);
    await ask(`/api/v1/flows?limit=${token}&after=${token}`);
    await ask(`/api/v1/events?type=${token}`);
    await ask(`/api/v1/nope/${token}`);
    await ask("/api/v1/flows", { headers: { "x-request-id": token } });
    await ask(`/api/v1/tokens/${token}`, { method: "DELETE", headers: bearer });
    await ask(`/api/v1/flows/${token}/disable`, { method: "POST", headers: bearer });
    await ask("/api/v1/tokens", { body: { name: token, role: "viewer" } });
    await ask("/api/v1/tokens", { body: { name: "x", role: token } });
    for (const path of ["/api/v1/tokens", "/api/v1/events?limit=1000", "/health", "/metrics"]) await ask(path);
    await ask("/documentation/json");
    const config = await sluice(["config", "--json"], { env: { DATA_DIR: gateway.dataDir, ADMIN_TOKEN } });
    assert.equal(config.code, 0);
    await gateway.stop();

    const places = new Map([
      ["answers", answers.join("\n")],
      ["log", gateway.output],
      ["config", config.stdout + config.stderr],
    ]);
    for (const file of readdirSync(gateway.dataDir, { recursive: true, encoding: "utf8" })) {
      const path = join(gateway.dataDir, file);
      if (statSync(path).isFile()) places.set(file, readFileSync(path, "latin1"));
    }
    assert.ok(places.size > 5 && gateway.output.includes("answered"), gateway.output.slice(0, 500));
    for (const [place, text] of places) {
      for (const secret of secrets) {
        const at = text.indexOf(secret);
        assert.equal(at, -1, `${place}: ${text.slice(Math.max(0, at - 200), at)}…`);
      }
    }
  });

  it("is limited to so many requests a minute", async (t) => {
    const gateway = await startGateway(t, { ADMIN_RATE_LIMIT: "3" });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await gateway.api("/api/v1/flows")).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
    assert.equal((await gateway.api("/health")).status, 200);
  });

  it("forwards nothing to where nothing may be sent, and gives up on it at once", async (t) => {
    const receiver = await startReceiver();
    t.after(() => receiver.stop());
    const { port } = new URL(receiver.url);
    const gateway = await startGateway(t, { ENDPOINT_DENY: "127.0.0.0/8, ::1" });
    const flow = (code: string, url: string) => ({ code, topic: "a", actions: [{ type: "POST_ENDPOINT", url }] });
    const literal = await gateway.api("/api/v1/flows", { body: flow("LITERAL", receiver.url) });
    assert.deepEqual([literal.status, literal.body.errors[0].pointer], [422, "/actions/0/url"]);
    await gateway.define(flow("NAMED", `http://localhost:${port}/`));
    await eventually(async () => (await gateway.api("/health")).body.brokers[0].subscriptions === 1, "subscription");
    assert.equal((await gateway.api("/api/v1/publish", { body: { topic: "a", payload: "{}", qos: 1 } })).status, 202);
    const [letter] = await eventually(async () => {
      const { items } = (await gateway.api("/api/v1/dead-letters")).body;
      return items.length > 0 && items;
    }, "the delivery is given up on");
    assert.deepEqual([letter.flow, letter.attempts], ["NAMED", 1]);
    assert.match(letter.reason, /^the endpoint is blocked: localhost, at (127\.0\.0\.1|::1), is in ENDPOINT_DENY$/);
    assert.equal(receiver.requests.length, 0);
  });
});

describe("access to two gateways on one log", () => {
  it("is the same at both, and taken away at both", async (t) => {
    const unavailable = await postgresUnavailable();
    if (unavailable !== null) return t.skip(unavailable);
    const schema = await makeSchema();
    t.after(() => schema.remove());
    const env = { EVENT_STORE_URL: `${postgresUrl}?schema=${schema.location}` };
    const [one, two] = [await startGateway(t, env), await startGateway(t, env)];
    const made = await one.api("/api/v1/tokens", { body: { name: "shared", role: "admin" } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { token } = made.body;
    await eventually(async () => (await withToken(two, token)).status === 200, "the other gateway knows the token");
    assert.equal((await two.api("/api/v1/tokens", { body: { name: "shared", role: "viewer" } })).status, 409);
    assert.equal((await withToken(two, token, "/api/v1/flows", { body: FLOW })).status, 201);
    assert.equal((await two.api("/api/v1/tokens/shared", { method: "DELETE" })).status, 204);
    assert.equal((await withToken(two, token)).status, 401);
    await eventually(
      async () => (await withToken(one, token)).status === 401,
      "the first gateway knows that it is gone",
    );
    await two.stop();
    const events = await one.all<Event>("/api/v1/events?type=RequestAudited,RequestsRefused,FlowDefined");
    assert.deepEqual(
      events.slice(0, -1).map(({ type, data, metadata }) => [type, data.status, metadata.actor]),
      [
        ["RequestAudited", 201, "api:admin"],
        ["RequestAudited", 409, "api:admin"],
        ["FlowDefined", undefined, "api:shared"],
        ["RequestAudited", 201, "api:shared"],
        ["RequestAudited", 204, "api:admin"],
      ],
    );
    // How often it asked before it knew of the token depends on how fast that was.
    const [refused] = events.slice(-1);
    assert.deepEqual([refused?.type, refused?.data.reason], ["RequestsRefused", "unauthorized"]);
  });
});
