/** What was asked of the admin API is in the log: changes one by one, refusals counted. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { AuditTrail, type Refusal } from "@sluice/app/access";
import type { RecordedEvent } from "@sluice/contracts";
import { EventStoreUnavailable } from "@sluice/domain";
import { pino } from "pino";
import { AdminFixture, type Call, TOKEN } from "../http-api/support/admin-fixture.ts";

const FLOW = { code: "A", topic: "a", actions: [{ type: "STORE_DB" }] };

describe("the audit", () => {
  let api: AdminFixture;
  beforeEach(async () => {
    api = await new AdminFixture().start();
  });
  afterEach(() => api.stop());

  const recorded = async <T extends RecordedEvent["type"]>(type: T) => {
    const { events } = await api.realStore.readAll({ limit: 1_000, filter: { types: [type] } });
    return events as readonly RecordedEvent<T>[];
  };

  it("has every request that may have changed something, before it is answered", async () => {
    const { token } = (await api.call("/api/v1/tokens", { body: { name: "editor", role: "admin" } })).body;
    const by = { token, remoteAddress: "192.0.2.7" };
    const asked: (Call & { url: string })[] = [
      { url: "/api/v1/flows?dry=1", body: FLOW },
      { url: "/api/v1/flows", body: FLOW },
      { url: "/api/v1/flows/A", method: "PUT", body: { ...FLOW, topic: "b" } },
      { url: "/api/v1/flows/A/disable", method: "POST" },
      { url: "/api/v1/flows/A", method: "PUT", body: { topic: 1 } },
      { url: "/api/v1/flows/A", method: "PUT", body: "{" },
      { url: "/api/v1/flows/A", method: "DELETE" },
      { url: "/api/v1/flows/A", method: "DELETE" },
      { url: "/api/v1/dead-letters/retry", body: { filter: {} } },
      { url: "/api/v1/reload", method: "POST" },
    ];
    const expected: unknown[] = [];
    for (const [index, { url, ...call }] of asked.entries()) {
      const requestId = `request-${index}`;
      const { status } = await api.call(url, { ...by, ...call, headers: { "x-request-id": requestId } });
      const all = await recorded("RequestAudited");
      assert.equal(all.length, index + 2, url);
      const { data, metadata } = all.at(-1) as RecordedEvent<"RequestAudited">;
      const path = url.split("?", 1)[0];
      const route = `${path}`.replace("/A", "/:code");
      const method = call.method ?? "POST";
      expected.push([status, route]);
      assert.deepEqual(data, { method, route, path, status, remoteAddress: "192.0.2.7" });
      assert.deepEqual(metadata, { actor: "api:editor", requestId });
    }
    assert.deepEqual(
      expected.map((pair) => (pair as [number])[0]),
      [201, 409, 200, 200, 422, 400, 204, 404, 200, 200],
    );
    assert.match((await recorded("RequestAudited"))[0]?.stream ?? "", /^audit-\d{8}$/);
  });

  it("leaves out what only reads", async () => {
    await api.define("A", "a");
    const before = (await recorded("RequestAudited")).length;
    for (const url of ["/api/v1/flows", "/api/v1/events", "/health", "/metrics", "/documentation"]) await api.call(url);
    await api.call("/api/v1/flows/A", { method: "HEAD" });
    await api.call("/api/v1/flows/A/test", { body: { payload: {} } });
    await api.call("/api/v1/flows/A", { method: "PATCH" });
    await api.call("/api/v1/nope", { method: "POST" });
    assert.equal((await recorded("RequestAudited")).length, before);
  });

  it("counts what is refused, one event a minute for each reason, address and token", async () => {
    const { token } = (await api.call("/api/v1/tokens", { body: { name: "reader", role: "viewer" } })).body;
    const [tokenId] = /[0-9a-f]{16}/.exec(token) as RegExpExecArray;
    for (let n = 0; n < 50; n++) {
      await api.call(`/api/v1/flows?n=${n}`, { token: null, remoteAddress: "192.0.2.1" });
      await api.call(`/api/v1/flows/F${n}`, { method: "DELETE", token, remoteAddress: "192.0.2.2" });
    }
    await api.call("/api/v1/events", { token: `${token}x`, remoteAddress: "192.0.2.1" });
    await api.call("/api/v1/events", { token: token.replace(/...$/, "AAA"), remoteAddress: "192.0.2.1" });
    assert.deepEqual(await recorded("RequestsRefused"), []);
    await api.audit.flush();
    const events = await recorded("RequestsRefused");
    assert.deepEqual(
      events.map(({ data: { reason, count, remoteAddress, tokenId: id, routes }, metadata }) => [
        reason,
        count,
        remoteAddress,
        id,
        routes,
        metadata,
      ]),
      [
        ["unauthorized", 51, "192.0.2.1", undefined, ["GET /api/v1/flows", "GET /api/v1/events"], {}],
        ["forbidden", 50, "192.0.2.2", tokenId, ["DELETE /api/v1/flows/:code"], { actor: "api:reader" }],
        ["unauthorized", 1, "192.0.2.1", tokenId, ["GET /api/v1/events"], {}],
      ],
    );
    assert.equal(events[0]?.data.requestIds.length, 10);
    assert.ok((events[0]?.data.firstAt ?? "") <= (events[0]?.data.lastAt ?? ""));
    await api.audit.flush();
    assert.equal((await recorded("RequestsRefused")).length, 3);
  });

  it("writes what is left when the gateway stops", async () => {
    await api.call("/api/v1/flows", { token: null });
    await api.audit.stop();
    assert.equal((await recorded("RequestsRefused")).length, 1);
  });

  const trail = (more: { patienceMs?: number; capacity?: number }) => {
    const { realStore, clock } = api;
    let away = true;
    const store = {
      capabilities: realStore.capabilities,
      append: (...batch: Parameters<typeof realStore.append>) =>
        away ? Promise.reject(new EventStoreUnavailable("disk full")) : realStore.append(...batch),
    };
    const ids = { next: () => crypto.randomUUID() };
    const audit = new AuditTrail({ store, clock, ids, log: pino({ level: "silent" }), ...more });
    return { audit, back: () => (away = false) };
  };
  const REQUEST = {
    method: "POST",
    route: "/api/v1/publish",
    path: "/api/v1/publish",
    status: 202,
    remoteAddress: "::1",
  };
  const refusal = (n: number): Refusal => ({
    reason: "unauthorized",
    remoteAddress: `192.0.2.${n}`,
    actor: null,
    tokenId: null,
    route: "GET *",
    requestId: `${n}`,
  });

  it("keeps what the log does not take for later, in bounded memory, and counts what goes beyond", async () => {
    const { audit, back } = trail({ patienceMs: 5, capacity: 20 });
    for (let n = 0; n < 50; n++) await audit.request(REQUEST, { actor: "api:admin", requestId: `${n}` });
    back();
    await audit.flush();
    await audit.stop();
    const kept = await recorded("RequestAudited");
    assert.deepEqual(
      kept.map(({ metadata }) => metadata.requestId),
      Array.from({ length: 20 }, (_, n) => `${n}`),
    );
    assert.deepEqual(
      (await recorded("RequestsUnaudited")).map(({ data }) => data.count),
      [30],
    );
  });

  it("brings what was late into the log before the gateway stops", async () => {
    const { audit, back } = trail({ patienceMs: 5 });
    await audit.request(REQUEST, { actor: "api:admin", requestId: "late" });
    assert.deepEqual(await recorded("RequestAudited"), []);
    back();
    await audit.stop();
    assert.equal((await recorded("RequestAudited")).length, 1);
  });

  it("counts the refusals of a flood from everywhere, in bounded memory", async () => {
    const { audit, back } = trail({ patienceMs: 5 });
    for (let n = 0; n < 5_000; n++) audit.refused(refusal(n));
    back();
    await audit.flush();
    const events = await recorded("RequestsRefused");
    assert.equal(events.length, 101);
    assert.equal(events.at(-1)?.data.remoteAddress, null);
    assert.equal(
      events.reduce((sum, { data }) => sum + data.count, 0),
      5_000,
    );
    await audit.stop();
  });

  it("does not keep a refused request waiting for the log", async () => {
    api.storeInstead.append = () => new Promise(() => {});
    const { status } = await api.call("/api/v1/flows", { token: `${TOKEN}x` });
    assert.equal(status, 401);
    api.storeInstead = {};
  });
});
