/** What a flow would do with a sample, and what was done to a flow. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { resolvePointer } from "@sluice/domain";
import fc from "fast-check";
import { jsonDiff } from "../../packages/app/src/flows/json-diff.ts";
import { AdminFixture } from "./support/admin-fixture.ts";

describe("testing a flow", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    await api.define("TRY", "try/{device}/data", {
      payloadSchema: { t: "float" },
      thresholds: [{ attribute: "t", max: 100 }],
      actions: [
        { type: "STORE_DB", rename: { t: "temperature" } },
        { type: "POST_ENDPOINT", url: "http://127.0.0.1:9/x?key=1", headers: { Authorization: "Basic eA==" } },
      ],
    });
  });
  after(() => api.stop());

  const test = async (sample: unknown, code = "TRY") => {
    const before = await api.realStore.head();
    const answer = await api.call(`/api/v1/flows/${code}/test`, { body: sample });
    assert.equal(await api.realStore.head(), before, "nothing may be recorded");
    return answer;
  };

  it("tells captures, verdict, rows, requests and events of what ingest would do", async () => {
    const payload = '{ "t": 21.50, "tags": {"b":1,"a":-0} }';
    const sample = { topic: "try/d1/data", payload, payloadEncoding: "utf8" };
    const { status, body } = await test(sample);
    assert.equal(status, 200);
    assert.deepEqual(
      [body.matched, body.captures, body.verdict, body.errors],
      [true, { device: "d1" }, "accepted", []],
    );
    assert.deepEqual(body.rows, [
      { attribute: "temperature", valueType: "number", value: 21.5, text: "21.50" },
      { attribute: "tags", valueType: "object", value: { b: 1, a: 0 }, text: '{"a":-0,"b":1}' },
    ]);
    const [request] = body.requests;
    assert.deepEqual(
      [request.action, request.method, request.url, request.body],
      ["POST_ENDPOINT", "POST", "http://127.0.0.1:9/x?key=1", { encoding: "utf8", data: payload }],
    );
    assert.equal(request.headers.authorization, "Basic eA==");
    assert.equal(request.headers["content-type"], "application/json");
    assert.match(request.headers["idempotency-key"], /^"[0-9a-f-]{36}\/TRY\/POST_ENDPOINT"$/);

    // The same as ingest makes of it, but for what every message has of its own.
    await api.publish("try/d1/data", payload);
    const recorded = await api.all("/api/v1/events?flow=TRY&type=MessageReceived,StoredAttribute");
    const comparable = (event: { type: string; data: Record<string, unknown> }) => {
      const { messageId: _, receivedAt: __, source: ___, ...data } = event.data;
      return { type: event.type, data };
    };
    assert.deepEqual(body.events.map(comparable), recorded.map(comparable));
  });

  it("tells what is wrong with a sample that the flow would reject", async () => {
    const { body } = await test({ topic: "try/d1/data", payload: { t: "hot" } });
    assert.deepEqual([body.verdict, body.rows, body.requests], ["rejected", [], []]);
    assert.deepEqual(body.errors, [{ pointer: "/t", keyword: "type", message: "must be number" }]);
    const binary = await test({ topic: "try/d1/data", payload: "/wB7gA==", payloadEncoding: "base64" });
    assert.equal(binary.body.errors[0].keyword, "encoding");
    const breached = await test({ topic: "try/d1/data", payload: { t: 101 } });
    assert.deepEqual([breached.body.verdict, breached.body.rows.length], ["flagged", 1]);
  });

  it("says that a topic does not match, and asks for one when it cannot tell", async () => {
    const other = await test({ topic: "elsewhere", payload: {} });
    assert.deepEqual([other.body.matched, other.body.verdict, other.body.events], [false, null, []]);
    for (const [sample, pointer] of [
      [{ payload: { t: 1 } }, "/topic"],
      [{ payload: { t: 1 }, topic: "try/+/data" }, "/topic"],
      [{ topic: "try/a/data" }, "/payload"],
      [{ topic: "try/a/data", payload: 5, payloadEncoding: "utf8" }, "/payload"],
      [{ topic: "try/a/data", payload: "%%", payloadEncoding: "base64" }, "/payload"],
      [{ topic: "try/a/data", payload: 1, qos: 7, retained: true }, "/retained"],
    ] as const) {
      const { status, body } = await test(sample);
      assert.deepEqual([status, body.code, body.errors[0].pointer], [422, "invalid-query", pointer]);
    }
    await api.define("PLAIN", "plain/topic");
    const { body } = await test({ payload: [1, 2] }, "PLAIN");
    assert.deepEqual([body.matched, body.rows[0].attribute, body.rows[0].text], [true, "value", "[1,2]"]);
  });

  it("tests a disabled flow, and recognises a retained message that came before", async () => {
    await api.define("OFF", "off", { enabled: false });
    assert.equal((await test({ payload: { a: 1 } }, "OFF")).body.verdict, "accepted");
    await api.define("KEPT", "kept");
    const sample = { payload: { a: 1 }, retain: true };
    assert.equal((await test(sample, "KEPT")).body.verdict, "accepted");
    const message = { topic: "kept", payload: Buffer.from('{"a":1}'), qos: 1, retain: true, dup: false } as const;
    await api.pipeline.ingest([{ ...message, receivedAt: Date.now() }], { source: "mqtt", broker: "default" });
    const { body } = await test(sample, "KEPT");
    assert.deepEqual([body.matched, body.verdict, body.events[0].type], [true, null, "MessagesSkipped"]);
  });
});

describe("history of a flow", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    await api.define("LIFE", "life/1");
    const body = { code: "LIFE", topic: "life/2", actions: [{ type: "STORE_DB" }, { type: "STORE_DB" }] };
    await api.call("/api/v1/flows/LIFE", { method: "PUT", body });
    await api.call("/api/v1/flows/LIFE/disable", { method: "POST" });
    await api.call("/api/v1/flows/LIFE", { method: "DELETE" });
    await api.define("LIFE", "life/3");
  });
  after(() => api.stop());

  it("lists who changed what, the newest last", async () => {
    const history = await api.all("/api/v1/flows/LIFE/history");
    assert.deepEqual(
      history.map(({ version, type, actor, definition }) => [version, type, actor, definition?.topic]),
      [
        [1, "FlowDefined", "api:admin", "life/1"],
        [2, "FlowRevised", "api:admin", "life/2"],
        [3, "FlowDisabled", "api:admin", "life/2"],
        [4, "FlowRetired", "api:admin", undefined],
        [5, "FlowDefined", "api:admin", "life/3"],
      ],
    );
    const [defined, revised, disabled, retired, again] = history;
    assert.equal(defined.changes.length, 1);
    assert.equal(defined.changes[0].after.enabled, true);
    assert.deepEqual(revised.changes, [
      { pointer: "/topic", before: "life/1", after: "life/2" },
      { pointer: "/actions/1", after: { id: "STORE_DB-2", type: "STORE_DB" } },
    ]);
    assert.deepEqual(disabled.changes, [{ pointer: "/enabled", before: true, after: false }]);
    assert.deepEqual([retired.changes[0].pointer, retired.changes[0].before.topic], ["", "life/2"]);
    assert.deepEqual(Object.keys(again.changes[0]).sort(), ["after", "pointer"]);
  });

  it("pages, whatever the size of a page", async () => {
    const all = await api.all("/api/v1/flows/LIFE/history");
    for (const limit of [1, 2, 3, 5]) assert.deepEqual(await api.all("/api/v1/flows/LIFE/history", limit), all);
    const unknown = await api.call("/api/v1/flows/NEVER/history");
    assert.deepEqual([unknown.status, unknown.body.code], [404, "flow-not-found"]);
  });

  it("differs by exactly what differs", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const changes = jsonDiff(before, after);
        assert.equal(changes.length === 0, JSON.stringify(before) === JSON.stringify(after) || sameJson(before, after));
        for (const { pointer, ...change } of changes) {
          assert.deepEqual(resolvePointer(before as never, pointer), change.before);
          assert.deepEqual(resolvePointer(after as never, pointer), change.after);
        }
      }),
    );
    assert.deepEqual(jsonDiff({ a: { "x/y": [1, 2] } }, { a: { "x/y": [1, 3, 4] }, b: null }), [
      { pointer: "/a/x~1y/1", before: 2, after: 3 },
      { pointer: "/a/x~1y/2", after: 4 },
      { pointer: "/b", after: null },
    ]);
  });
});

const sameJson = (a: unknown, b: unknown): boolean => {
  try {
    assert.deepEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
    return true;
  } catch {
    return false;
  }
};
