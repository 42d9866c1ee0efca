/** Tokens: facts in the log, folded by every gateway on it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { AccessTokens } from "@sluice/app/access";
import { ACCESS_STREAM, EventStoreUnavailable, parseStream, TokenExists, TokenNotFound } from "@sluice/domain";
import { pino } from "pino";
import { AdminFixture, TOKEN } from "../http-api/support/admin-fixture.ts";

const BY = { actor: "api:admin", requestId: "request-1" };
const FOREVER = { role: "viewer", expiresAt: null } as const;

describe("tokens", () => {
  let api: AdminFixture;
  const others: AccessTokens[] = [];

  beforeEach(async () => {
    api = await new AdminFixture().start();
  });
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.stop()));
    await api.stop();
  });

  /** As another gateway, or this one after a restart, has them. */
  const another = async (sharedLog = false) => {
    const { realStore, clock } = api;
    const store = new Proxy(realStore, {
      get: (target, name) => {
        if (name === "capabilities") return { ...target.capabilities, sharedLog };
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const ids = { next: () => crypto.randomUUID() };
    const tokens = new AccessTokens({ store, adminToken: TOKEN, clock, ids, log: pino({ level: "silent" }) });
    others.push(tokens);
    await tokens.start();
    return tokens;
  };
  const events = () => api.realStore.readStream(ACCESS_STREAM, { limit: 100 });

  it("let in who has one, under its name and with its role, and nobody else", async () => {
    const { text, token } = await api.tokens.issue({ name: "reader", ...FOREVER }, BY);
    assert.match(text, /^slc_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    const reader = { actor: "api:reader", role: "viewer", tokenId: token.id };
    assert.deepEqual(api.tokens.authenticate(text), reader);
    assert.deepEqual(api.tokens.authenticate(TOKEN), { actor: "api:admin", role: "admin", tokenId: null });
    const last = text.at(-1) === "A" ? "B" : "A";
    const wrong = [
      "",
      `${TOKEN}x`,
      `${text}x`,
      text.slice(0, -1),
      `${text.slice(0, -1)}${last}`,
      text.replace(token.id, "0".repeat(16)),
      text.toUpperCase(),
      `slc_${token.id}_`,
      token.hash.digest,
    ];
    for (const bad of wrong) assert.equal(api.tokens.authenticate(bad), null, bad);
    const restarted = await another();
    assert.deepEqual(restarted.authenticate(text), reader);
  });

  it("are facts with their digest, and never with their secret; their stream is no flow's", async () => {
    const { text, token } = await api.tokens.issue({ name: "reader", ...FOREVER }, BY);
    await api.tokens.revoke("reader", { actor: "api:admin", requestId: "request-2" });
    const recorded = await events();
    assert.deepEqual(
      recorded.map(({ type, metadata }) => [type, metadata]),
      [
        ["TokenIssued", BY],
        ["TokenRevoked", { actor: "api:admin", requestId: "request-2" }],
      ],
    );
    const { id: tokenId, hash } = token;
    assert.deepEqual(recorded[0]?.data, { name: "reader", tokenId, role: "viewer", hash });
    assert.equal(JSON.stringify(recorded).includes(text.slice(-43)), false);
    assert.equal(parseStream(ACCESS_STREAM), null);
    assert.equal(parseStream("audit-20260101"), null);
  });

  it("are refused once revoked or expired; an expired one's name is free, a living one's is not", async () => {
    const expiresAt = new Date(api.clock.now() + 60_000).toISOString();
    const first = await api.tokens.issue({ name: "job", role: "operator", expiresAt }, BY);
    await assert.rejects(api.tokens.issue({ name: "job", ...FOREVER }, BY), TokenExists);
    assert.notEqual(api.tokens.authenticate(first.text), null);
    api.ahead += 59_000;
    assert.notEqual(api.tokens.authenticate(first.text), null);
    api.ahead += 1_000;
    assert.equal(api.tokens.authenticate(first.text), null);
    const second = await api.tokens.issue({ name: "job", ...FOREVER }, BY);
    assert.equal(api.tokens.authenticate(first.text), null);
    assert.equal(api.tokens.authenticate(second.text)?.role, "viewer");
    await api.tokens.revoke("job", BY);
    assert.equal(api.tokens.authenticate(second.text), null);
    await assert.rejects(api.tokens.revoke("job", BY), TokenNotFound);
    assert.deepEqual(api.tokens.list(), []);
    assert.equal((await another()).authenticate(second.text), null);
  });

  it("keep their names apart when two gateways issue at once, and each knows the other's", async () => {
    const [one, two] = [await another(true), await another(true)];
    const issued = await Promise.allSettled(
      [one, two].flatMap((gateway) => ["x", "y", "z"].map((name) => gateway.issue({ name, ...FOREVER }, BY))),
    );
    const good = issued.flatMap((result) => (result.status === "fulfilled" ? [result.value.text] : []));
    const bad = issued.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    assert.equal(good.length, 3);
    for (const error of bad) assert.ok(error instanceof TokenExists, `${error}`);
    assert.equal((await events()).length, 3);
    // What the other gateway does is followed, without a request of its own.
    await two.revoke("x", BY);
    const { text } = await one.issue({ name: "x", ...FOREVER }, BY);
    const deadline = Date.now() + 5_000;
    while (two.authenticate(text) === null && Date.now() < deadline) await new Promise((next) => setTimeout(next, 5));
    assert.equal(two.authenticate(text)?.actor, "api:x");
    assert.equal(two.list().length, 3);
  });

  it("go on to be good while the log is away, and cannot be made or revoked then", async () => {
    const { text } = await api.tokens.issue({ name: "reader", ...FOREVER }, BY);
    const away = () => Promise.reject(new EventStoreUnavailable("the disk is full"));
    api.storeInstead = { append: away, readStream: away, readAll: away, head: away };
    const call = (url: string, more = {}) => api.call(url, { token: text, ...more });
    assert.equal((await call("/api/v1/flows")).status, 200);
    const made = await api.call("/api/v1/tokens", { body: { name: "other", role: "viewer" } });
    assert.deepEqual([made.status, made.body.code], [503, "log-unavailable"]);
    assert.equal((await api.call("/api/v1/tokens/reader", { method: "DELETE" })).status, 503);
    assert.notEqual(api.tokens.authenticate(text), null);
    api.storeInstead = {};
    assert.equal((await api.call("/api/v1/tokens", { body: { name: "other", role: "viewer" } })).status, 201);
  });

  it("cannot be judged before the log was read, but ADMIN_TOKEN can", async (t) => {
    const { text } = await api.tokens.issue({ name: "reader", ...FOREVER }, BY);
    const fresh = new AdminFixture();
    t.after(() => fresh.stop());
    const away = () => Promise.reject(new EventStoreUnavailable("no connection"));
    fresh.storeInstead = { head: away, readStream: away };
    await fresh.start();
    assert.equal((await fresh.call("/api/v1/flows", { token: text })).status, 503);
    assert.equal((await fresh.call("/api/v1/flows", { token: "nonsense" })).status, 401);
    assert.equal((await fresh.call("/api/v1/flows")).status, 200);
  });
});

describe("tokens by the API", () => {
  let api: AdminFixture;
  beforeEach(async () => {
    api = await new AdminFixture().start();
  });
  afterEach(() => api.stop());

  it("are made, listed without secrets, and revoked", async () => {
    const body = { name: "ci.deploy", role: "admin", expiresIn: "90d" };
    const made = await api.call("/api/v1/tokens", { body, headers: { "x-request-id": "ticket-7" } });
    assert.deepEqual([made.status, made.headers.location], [201, "/api/v1/tokens/ci.deploy"]);
    const { token, ...described } = made.body;
    assert.equal(described.createdBy, "api:admin");
    const days = (Date.parse(described.expiresAt) - api.clock.now()) / 86_400_000;
    assert.ok(days > 89.9 && days <= 90);
    assert.equal((await api.call("/api/v1/flows", { token })).status, 200);

    const listed = await api.call("/api/v1/tokens");
    const { lastUsedAt, ...rest } = listed.body.items[0];
    assert.deepEqual([rest, listed.body.next], [{ ...described, expired: false }, null]);
    assert.ok(Date.parse(lastUsedAt) <= api.clock.now());
    assert.doesNotMatch(JSON.stringify(listed.body), /digest|slc_|hash/);
    api.ahead += 91 * 86_400_000;
    assert.equal((await api.call("/api/v1/tokens")).body.items[0].expired, true);
    api.ahead = 0;

    assert.equal((await api.call("/api/v1/tokens/ci.deploy", { method: "DELETE", token })).status, 204);
    assert.equal((await api.call("/api/v1/flows", { token })).status, 401);
    const [issued, revoked] = await api.realStore.readStream(ACCESS_STREAM, { limit: 2 });
    assert.deepEqual(issued?.metadata, { actor: "api:admin", requestId: "ticket-7" });
    assert.equal(revoked?.metadata.actor, "api:ci.deploy");
  });

  it("are listed page by page", async () => {
    for (const name of ["c", "a", "b"]) await api.call("/api/v1/tokens", { body: { name, role: "viewer" } });
    const items = await api.all("/api/v1/tokens", 1);
    assert.deepEqual(
      items.map(({ name }) => name),
      ["a", "b", "c"],
    );
  });

  it("are refused with every reason when what is asked for cannot be", async () => {
    const past = new Date(Date.now() - 1_000).toISOString();
    for (const [change, pointer] of [
      [{ name: "admin" }, "/name"],
      [{ name: "no spaces" }, "/name"],
      [{ name: "" }, "/name"],
      [{ name: "x".repeat(65) }, "/name"],
      [{ name: `slc_${"0".repeat(16)}_${"x".repeat(43)}` }, "/name"],
      [{ role: "root" }, "/role"],
      [{ role: undefined }, ""],
      [{ expiresAt: past }, "/expiresAt"],
      [{ expiresAt: "tomorrow" }, "/expiresAt"],
      [{ expiresAt: "2026-02-30" }, "/expiresAt"],
      [{ expiresIn: "0d" }, "/expiresIn"],
      [{ expiresIn: "1y" }, "/expiresIn"],
      [{ expiresIn: "1d", expiresAt: "2999-01-01" }, "/expiresIn"],
      [{ token: "mine" }, ""],
    ] as const) {
      const body = { name: "good", role: "viewer", ...change };
      const answer = await api.call("/api/v1/tokens", { body });
      assert.deepEqual([answer.status, answer.body.code], [422, "invalid-query"], JSON.stringify(change));
      assert.ok(
        answer.body.errors.some((error: { pointer: string }) => error.pointer.startsWith(pointer)),
        JSON.stringify(answer.body.errors),
      );
    }
    assert.deepEqual(await api.all("/api/v1/tokens"), []);
  });

  it("are the authors of what is done with them, with the request's id", async () => {
    const { token } = (await api.call("/api/v1/tokens", { body: { name: "editor", role: "admin" } })).body;
    const headers = { "x-request-id": "change-42" };
    const body = { code: "A", topic: "a", actions: [{ type: "STORE_DB" }] };
    await api.call("/api/v1/flows", { body, token, headers });
    await api.call("/api/v1/flows/A/disable", { method: "POST", token, headers });
    const { events } = await api.realStore.readAll({ limit: 10, filter: { flow: "A" } });
    assert.deepEqual(
      events.map(({ type, metadata }) => [type, metadata]),
      ["FlowDefined", "FlowDisabled"].map((type) => [type, { actor: "api:editor", requestId: "change-42" }]),
    );
  });
});
