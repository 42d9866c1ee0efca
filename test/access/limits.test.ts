/** How often one may ask, and how often fail. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { AdminFixture, TOKEN } from "../http-api/support/admin-fixture.ts";

describe("rate limits", () => {
  let api: AdminFixture;
  const tokens: Record<string, string> = {};

  beforeEach(async (t) => {
    (t as unknown as { mock: typeof import("node:test").mock }).mock.timers.enable({ apis: ["Date"], now: Date.now() });
    api = new AdminFixture();
    api.rateLimits = { perMinute: 5, failuresPerMinute: 3 };
    await api.start();
    for (const name of ["one", "two"]) {
      const metadata = { actor: "test" };
      tokens[name] = (await api.tokens.issue({ name, role: "viewer", expiresAt: null }, metadata)).text;
    }
  });
  afterEach(() => api.stop());

  const ask = async (times: number, token: string | null, url = "/api/v1/flows", remoteAddress = "192.0.2.1") => {
    const statuses: number[] = [];
    for (let n = 0; n < times; n++) statuses.push((await api.call(url, { token, remoteAddress })).status);
    return statuses;
  };
  const GOOD = [200, 200, 200, 200, 200];

  it("are each token's own, and say when to come again", async (t) => {
    assert.deepEqual(await ask(6, tokens.one ?? ""), [...GOOD, 429]);
    assert.deepEqual(await ask(1, tokens.one ?? "", "/api/v1/flows", "192.0.2.2"), [429], "from wherever it comes");
    assert.deepEqual(await ask(6, tokens.two ?? ""), [...GOOD, 429]);
    const { headers, body } = await api.call("/api/v1/flows", { token: tokens.one ?? "" });
    assert.deepEqual([body.code, headers["retry-after"]], ["rate-limited", "60"]);
    t.mock.timers.setTime(Date.now() + 61_000);
    assert.deepEqual(await ask(6, tokens.one ?? ""), [...GOOD, 429]);
  });

  it("hold for what needs no token by the address, but not for health and metrics", async () => {
    assert.deepEqual(await ask(6, null, "/documentation/json"), [...GOOD, 429]);
    assert.deepEqual(await ask(1, null, "/documentation"), [429]);
    assert.deepEqual(await ask(1, null), [429], "no token at all");
    assert.deepEqual(await ask(1, null, "/documentation/json", "192.0.2.2"), [200]);
    for (const url of ["/health", "/health/live", "/health/ready", "/metrics"]) {
      assert.deepEqual(await ask(8, null, url, "127.0.0.1"), [...GOOD, 200, 200, 200], url);
    }
    assert.deepEqual(await ask(8, tokens.one ?? "", "/metrics"), [...GOOD, 200, 200, 200]);
  });

  it("let an address fail a few times, and then no more guess ADMIN_TOKEN; made tokens go on", async (t) => {
    assert.deepEqual(await ask(5, "a guess at ADMIN_TOKEN"), [401, 401, 401, 429, 429]);
    assert.deepEqual(await ask(1, TOKEN), [429], "right or wrong, nothing is said");
    assert.deepEqual(await ask(1, tokens.one ?? ""), [200]);
    assert.deepEqual(await ask(1, TOKEN, "/api/v1/flows", "192.0.2.9"), [200]);
    const unknown = `slc_${"0".repeat(16)}_${"x".repeat(43)}`;
    assert.deepEqual(await ask(4, unknown, "/api/v1/flows", "192.0.2.3"), [401, 401, 401, 429]);
    t.mock.timers.setTime(Date.now() + 61_000);
    assert.deepEqual(await ask(1, TOKEN), [200]);
  });

  it("take an IPv6 network for one address", async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push(...(await ask(1, null, "/documentation/json", `2001:db8:1:2::${n}`)));
    assert.deepEqual(statuses, [...GOOD, 429]);
  });

  it("are counted in the audit", async () => {
    await ask(8, tokens.one ?? "");
    await api.audit.flush();
    const { events } = await api.realStore.readAll({ limit: 10, filter: { types: ["RequestsRefused"] } });
    assert.deepEqual(
      events.map(({ data, metadata }) => [
        "reason" in data ? data.reason : "",
        "count" in data ? data.count : 0,
        metadata.actor,
      ]),
      [["rate-limited", 3, "api:one"]],
    );
  });
});
