/** Flows over the API: created, read, replaced, switched, retired; and nobody overwrites anybody. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AdminFixture } from "./support/admin-fixture.ts";

const STORE = { actions: [{ type: "STORE_DB" }] };
const etag = (answer: { headers: Readonly<Record<string, unknown>> }) => answer.headers.etag as string;

describe("flows", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
  });
  after(() => api.stop());

  it("creates a flow with every default filled in", async () => {
    const created = await api.call("/api/v1/flows", {
      body: { code: "AHT10_SENSOR", topic: "sensors/{site}/aht10", ...STORE },
    });
    assert.equal(created.status, 201);
    assert.equal(created.headers.location, "/api/v1/flows/AHT10_SENSOR");
    assert.equal(etag(created), '"1"');
    const { createdAt, updatedAt, ...flow } = created.body;
    assert.equal(createdAt, updatedAt);
    assert.deepEqual(flow, {
      code: "AHT10_SENSOR",
      description: "",
      topic: "sensors/{site}/aht10",
      broker: "default",
      qos: 1,
      payloadSchema: null,
      payload: { codec: "json", onInvalid: "reject" },
      actions: [{ id: "STORE_DB", type: "STORE_DB" }],
      thresholds: [],
      enabled: true,
      version: 1,
      lastMessageNumber: 0,
      lastReceivedAt: null,
      counters: { received: 0, accepted: 0, rejected: 0, flagged: 0, breached: 0, skipped: 0 },
      actionCounts: [{ action: "STORE_DB", accepted: 0, done: 0, pending: 0, dead: 0, discarded: 0 }],
    });
    const read = await api.call(created.headers.location as string);
    assert.deepEqual([read.status, etag(read), read.body], [200, '"1"', created.body]);

    const again = await api.call("/api/v1/flows", { body: { code: "AHT10_SENSOR", topic: "x", ...STORE } });
    assert.deepEqual([again.status, again.body.code], [409, "flow-exists"]);
  });

  it("shows what the flow has received", async () => {
    await api.define("COUNTS", "counts/+", { payloadSchema: { n: "int" } });
    await api.publish("counts/a", '{"n":1}', "no", '{"n":2}');
    const { body } = await api.call("/api/v1/flows/COUNTS");
    assert.equal(body.lastMessageNumber, 3);
    assert.ok(body.lastReceivedAt <= new Date().toISOString());
    assert.deepEqual(body.counters, { received: 3, accepted: 2, rejected: 1, flagged: 0, breached: 0, skipped: 0 });
    assert.equal(body.version, 1, "traffic is no change of the flow");
  });

  it("replaces a definition; what is left out takes its default, enabled stays", async () => {
    await api.define("PUT", "put/+", { description: "first", enabled: false });
    const body = { code: "PUT", topic: "put/#", ...STORE };
    const replaced = await api.call("/api/v1/flows/PUT", { method: "PUT", body });
    assert.deepEqual([replaced.status, etag(replaced)], [200, '"2"']);
    assert.deepEqual([replaced.body.topic, replaced.body.description, replaced.body.enabled], ["put/#", "", false]);
    const same = await api.call("/api/v1/flows/PUT", { method: "PUT", body });
    assert.equal(etag(same), '"2"', "the same definition again changes nothing");
    const both = await api.call("/api/v1/flows/PUT", { method: "PUT", body: { ...body, topic: "put", enabled: true } });
    assert.deepEqual([both.body.version, both.body.enabled, both.body.topic], [4, true, "put"]);
  });

  it("takes back what it gave out, changed", async () => {
    await api.define("ROUND", "round/{trip}", {
      actions: [
        { type: "STORE_DB", rename: { a: "b" } },
        { type: "POST_ENDPOINT", url: "http://127.0.0.1:1/x" },
      ],
      thresholds: [{ attribute: "a", max: 3 }],
      payloadSchema: { a: "float" },
    });
    const { body: flow } = await api.call("/api/v1/flows/ROUND");
    const put = await api.call("/api/v1/flows/ROUND", { method: "PUT", body: flow });
    assert.deepEqual([put.status, put.body], [200, flow]);
    const changed = await api.call("/api/v1/flows/ROUND", { method: "PUT", body: { ...flow, description: "now" } });
    assert.deepEqual([changed.body.version, changed.body.description], [2, "now"]);
  });

  it("creates by PUT what is not there", async () => {
    const body = { code: "BY_PUT", topic: "by/put", ...STORE };
    const put = (headers: Record<string, string>) => api.call("/api/v1/flows/BY_PUT", { method: "PUT", body, headers });
    const refused = await put({ "if-match": "*" });
    assert.deepEqual([refused.status, refused.body.code], [412, "precondition-failed"]);
    const created = await put({ "if-none-match": "*" });
    assert.deepEqual([created.status, created.headers.location, etag(created)], [201, "/api/v1/flows/BY_PUT", '"1"']);
    assert.equal((await put({ "if-none-match": "*" })).status, 412);
    assert.equal((await put({ "if-match": "*" })).status, 200);
  });

  it("refuses a body whose code is not the address's", async () => {
    const { status, body } = await api.call("/api/v1/flows/ONE", {
      method: "PUT",
      body: { code: "OTHER", topic: "", ...STORE },
    });
    assert.deepEqual([status, body.code], [422, "bad-definition"]);
    assert.deepEqual(body.errors.map((error: { pointer: string }) => error.pointer).sort(), ["/code", "/topic"]);
  });

  it("enables and disables, as often as it is asked to", async () => {
    await api.define("SWITCH", "switch");
    for (const [verb, enabled, version] of [
      ["disable", false, 2],
      ["disable", false, 2],
      ["enable", true, 3],
      ["enable", true, 3],
    ] as const) {
      const answer = await api.call(`/api/v1/flows/SWITCH/${verb}`, { method: "POST" });
      assert.deepEqual(
        [answer.status, answer.body.enabled, answer.body.version, etag(answer)],
        [200, enabled, version, `"${version}"`],
      );
    }
    const empty = await api.call("/api/v1/flows/SWITCH/disable", { method: "POST", body: "" });
    assert.equal(empty.status, 200, "an empty body is none, though a type is named");
  });

  it("retires, and lets the code be used again with its numbers going on", async () => {
    await api.define("AGAIN", "again");
    await api.publish("again", '{"n":1}');
    const gone = await api.call("/api/v1/flows/AGAIN", { method: "DELETE" });
    assert.deepEqual([gone.status, gone.body], [204, ""]);
    for (const call of [
      api.call("/api/v1/flows/AGAIN"),
      api.call("/api/v1/flows/AGAIN", { method: "DELETE" }),
      api.call("/api/v1/flows/AGAIN/enable", { method: "POST" }),
      api.call("/api/v1/flows/AGAIN/test", { body: { payload: 1 } }),
    ]) {
      const { status, body } = await call;
      assert.deepEqual([status, body.code], [404, "flow-not-found"]);
    }
    await api.define("AGAIN", "again");
    const { body } = await api.call("/api/v1/flows/AGAIN");
    assert.deepEqual([body.version, body.lastMessageNumber], [3, 1]);
  });

  it("changes only what is as If-Match says", async () => {
    await api.define("MATCH", "match");
    const address = "/api/v1/flows/MATCH";
    const body = (topic: string) => ({ code: "MATCH", topic, ...STORE });
    const put = (topic: string, ifMatch: string) =>
      api.call(address, { method: "PUT", body: body(topic), headers: { "if-match": ifMatch } });
    assert.equal((await put("match/1", '"1"')).status, 200);
    for (const stale of ['"1"', 'W/"2"', '"7", "8"', "2", ""]) {
      const { status, body: problem } = await put("match/2", stale);
      assert.deepEqual([status, problem.code], [412, "precondition-failed"], stale);
    }
    assert.equal((await put("match/3", '"1", "2"')).status, 200);
    assert.equal((await put("match/4", "*")).status, 200);
    for (const request of [
      { method: "DELETE", path: address },
      { method: "POST", path: `${address}/disable` },
    ] as const) {
      const { status } = await api.call(request.path, { method: request.method, headers: { "if-match": '"1"' } });
      assert.equal(status, 412);
    }
    const { body: flow } = await api.call(address);
    assert.deepEqual([flow.version, flow.topic, flow.enabled], [4, "match/4", true]);
  });

  it("answers 304 while the version is the one that If-None-Match names", async () => {
    await api.define("SEEN", "seen");
    const read = (tag: string) => api.call("/api/v1/flows/SEEN", { headers: { "if-none-match": tag } });
    assert.equal((await read('"1"')).status, 304);
    assert.equal((await read('W/"1"')).status, 304);
    assert.equal((await read('"2"')).status, 200);
    const unchanged = await read("*");
    assert.deepEqual([unchanged.status, unchanged.body, etag(unchanged)], [304, "", '"1"']);
  });

  it("makes one of two changes at the same moment, and says so of the other", async () => {
    await api.define("RACE", "race");
    const put = (topic: string, headers = {}) =>
      api.call("/api/v1/flows/RACE", { method: "PUT", body: { code: "RACE", topic, ...STORE }, headers });
    const plain = await Promise.all(["race/1", "race/2", "race/3"].map((topic) => put(topic)));
    assert.deepEqual(
      plain.map((answer) => answer.status).sort(),
      [200, 200, 200],
      "without If-Match the last one wins",
    );

    const tag = etag(await api.call("/api/v1/flows/RACE"));
    const matched = await Promise.all(["race/4", "race/5"].map((topic) => put(topic, { "if-match": tag })));
    assert.deepEqual(matched.map((answer) => answer.status).sort(), [200, 412]);

    const posts = await Promise.all(
      ["a", "b"].map((topic) => api.call("/api/v1/flows", { body: { code: "RACE2", topic, ...STORE } })),
    );
    assert.deepEqual(posts.map((answer) => answer.status).sort(), [201, 409]);
    const creations = await Promise.all(
      ["a", "b"].map((topic) =>
        api.call("/api/v1/flows/RACE3", {
          method: "PUT",
          body: { code: "RACE3", topic, ...STORE },
          headers: { "if-none-match": "*" },
        }),
      ),
    );
    assert.deepEqual(creations.map((answer) => answer.status).sort(), [201, 412]);
    const stored = await api.call("/api/v1/flows/RACE");
    assert.equal(stored.body.version, 5);
  });

  it("shows a flow as it was", async () => {
    await api.define("PAST", "past/1");
    const first = (await api.call("/api/v1/flows/PAST")).body;
    api.ahead += 3_600_000;
    await api.call("/api/v1/flows/PAST", { method: "PUT", body: { code: "PAST", topic: "past/2", ...STORE } });
    await api.call("/api/v1/flows/PAST/disable", { method: "POST" });
    const now = (await api.call("/api/v1/flows/PAST")).body;
    const events = await api.all("/api/v1/events?stream=flow-PAST");
    const at = (moment: string) => api.call(`/api/v1/flows/PAST?at=${encodeURIComponent(moment)}`);

    const then = await at(first.createdAt);
    assert.deepEqual(
      [then.status, then.body.topic, then.body.enabled, then.body.version, then.body.updatedAt],
      [200, "past/1", true, 1, first.createdAt],
    );
    assert.deepEqual(then.body.counters, {
      received: 0,
      accepted: 0,
      rejected: 0,
      flagged: 0,
      breached: 0,
      skipped: 0,
    });
    assert.equal((await at(events[1].position)).body.topic, "past/2");
    assert.equal((await at(events[1].position)).body.enabled, true);
    assert.equal((await at(now.updatedAt)).body.version, 3);
    assert.equal((await at(now.updatedAt.slice(0, 10))).body.version, 3);

    const before = new Date(Date.parse(first.createdAt) - 1).toISOString();
    assert.deepEqual([(await at(before)).status, (await at("2001-01-01")).status], [404, 404]);
    const bad = await at("yesterday");
    assert.deepEqual([bad.status, bad.body.code, bad.body.errors[0].pointer], [422, "invalid-query", "/at"]);

    await api.call("/api/v1/flows/PAST", { method: "DELETE" });
    assert.equal((await at(first.createdAt)).status, 200, "a retired flow's past stays");
    assert.equal((await at(new Date(api.clock.now() + 1000).toISOString())).status, 404);
  });

  it("answers HEAD as GET without a body", async () => {
    await api.define("HEAD", "head");
    const head = await api.call("/api/v1/flows/HEAD", { method: "HEAD" });
    assert.deepEqual([head.status, head.body, etag(head)], [200, "", '"1"']);
    assert.equal((await api.call("/api/v1/flows/NOWHERE", { method: "HEAD" })).status, 404);
  });
});
