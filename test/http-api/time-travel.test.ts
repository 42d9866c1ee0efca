/** A flow at an earlier moment, with its counters, and going back to what it was. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { FlowCounters, RecordedEvent } from "@sluice/contracts";
import { AdminFixture } from "./support/admin-fixture.ts";

describe("time travel", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
  });
  after(() => api.stop());

  const flow = async (code: string, at?: string) =>
    (await api.call(`/api/v1/flows/${code}${at === undefined ? "" : `?at=${encodeURIComponent(at)}`}`)).body;

  it("counts at every position and time what a fold of the log up to there counts", async () => {
    await api.define("T", "t/+", {
      payloadSchema: { n: "int" },
      thresholds: [{ attribute: "x", max: 1 }],
    });
    await api.define("OTHER", "t/#", { payloadSchema: { n: "int" }, payload: { onInvalid: "flag" } });
    const seen: { readonly at: string; readonly counters: FlowCounters; readonly number: number }[] = [];
    for (const payload of ['{"n":1}', "no", '{"n":"x"}', '{"n":2,"x":5}', '{"n":3}', "worse"]) {
      await api.publish("t/1", payload);
      const { counters, lastMessageNumber } = await flow("T");
      seen.push({ at: (await api.realStore.head()) as string, counters, number: lastMessageNumber });
      api.ahead += 1_000;
    }
    const events = await api.all<RecordedEvent>("/api/v1/events");
    for (const { at, counters, number } of seen) {
      const instant = events.find(({ position }) => position === at)?.recordedAt as string;
      for (const moment of [at, instant]) {
        const then = await flow("T", moment);
        assert.deepEqual([then.counters, then.lastMessageNumber], [counters, number], moment);
      }
    }
    const [first] = events.filter(({ stream }) => stream === "flow-T");
    assert.deepEqual((await flow("T", first?.position)).counters, {
      received: 0,
      accepted: 0,
      rejected: 0,
      flagged: 0,
      breached: 0,
      skipped: 0,
    });
  });

  it("counts messages, and not the numbers that another gateway had given", async () => {
    const definition = (await api.registry.require("T")).definition;
    assert.ok(definition);
    const adopted = { ...definition, code: "ADOPTED", topic: "adopted" };
    const command = { kind: "define", definition: adopted, enabled: true, lastMessageNumber: 500 } as const;
    await api.registry.execute("ADOPTED", command, { actor: "test" });
    await api.publish("adopted", '{"n":1}', "no");
    const now = await flow("ADOPTED");
    const then = await flow("ADOPTED", (await api.realStore.head()) as string);
    assert.equal(then.lastMessageNumber, 502);
    assert.deepEqual(then.counters, now.counters);
    assert.equal(then.counters.received, 2);
  });

  it("goes back to the definition of a version, as a new version that says so", async () => {
    await api.define("BACK", "back/1");
    const change = async (topic: string) =>
      api.call("/api/v1/flows/BACK", {
        method: "PUT",
        body: { code: "BACK", topic, actions: [{ type: "STORE_DB" }] },
      });
    const first = await flow("BACK");
    await change("back/2");
    await api.call("/api/v1/flows/BACK/disable", { method: "POST" });
    const rollback = (version: unknown, headers = {}) =>
      api.call("/api/v1/flows/BACK/rollback", { body: { version }, headers });

    const stale = await rollback(1, { "if-match": '"2"' });
    assert.deepEqual([stale.status, stale.body.code], [412, "precondition-failed"]);
    const done = await rollback(1, { "if-match": '"3"' });
    assert.deepEqual([done.status, done.headers.etag], [200, '"4"']);
    assert.deepEqual([done.body.topic, done.body.enabled, done.body.version], ["back/1", false, 4]);
    assert.deepEqual(done.body.actions, first.actions);

    const history = await api.all("/api/v1/flows/BACK/history");
    const [event] = await api.all<RecordedEvent>("/api/v1/events?stream=flow-BACK&order=desc");
    assert.deepEqual(
      [history.at(-1).rolledBackTo, history.at(-1).changes],
      [1, [{ pointer: "/topic", before: "back/2", after: "back/1" }]],
    );
    assert.equal(history[0].rolledBackTo, null);
    assert.deepEqual([event?.type, event?.metadata.rolledBackTo], ["FlowRevised", 1]);
    assert.ok(event?.metadata.actor);

    assert.equal((await rollback(1)).body.version, 4, "it is as that version already");
    for (const [version, status] of [
      [0, 422],
      [9, 422],
      ["1", 422],
      [1.5, 422],
    ] as const) {
      assert.equal((await rollback(version)).status, status, `${version}`);
    }
    await api.call("/api/v1/flows/BACK", { method: "DELETE" });
    assert.equal((await rollback(1)).status, 404);
    await api.define("BACK", "back/3");
    const { body } = await rollback(5);
    assert.match(body.errors[0].message, /was retired in version 5/);
    assert.equal((await rollback(2)).body.topic, "back/2");
  });
});
