/** Stored attributes and whole messages over the API. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DeliveryStep, EventData, NewEvent } from "@sluice/contracts";
import { dayOf, deliveriesStream } from "@sluice/domain";
import { AdminFixture } from "./support/admin-fixture.ts";

describe("data", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    await api.define("A", "a/{device}", { payload: { timestamp: "/at" } });
    await api.define("B", "a/+", { actions: [{ type: "STORE_DB", attributes: ["n"] }] });
    for (let n = 0; n < 20; n++) {
      api.ahead += 10;
      await api.publish("a/1", `{"n":${n},"exact":1.50,"at":"2026-01-01T00:00:00Z"}`);
    }
    await api.project();
  });
  after(() => api.stop());

  const list = (query: string, limit?: number) => api.all(`/api/v1/data?${query}`, limit);

  it("gives values with their type, exact text, number and times", async () => {
    const items = await list("flow=A&attribute=exact");
    assert.equal(items.length, 20);
    const { id, messageId, eventId, receivedAt, ...item } = items[0];
    assert.deepEqual(item, {
      flow: "A",
      action: "STORE_DB",
      attribute: "exact",
      value: 1.5,
      valueType: "number",
      text: "1.50",
      messageNumber: 1,
      deviceTime: "2026-01-01T00:00:00.000Z",
    });
    assert.ok(id && messageId && eventId && receivedAt);
  });

  it("filters and pages in both orders", async () => {
    const all = await list("");
    assert.equal(all.length, 20 * 4);
    const a = await list("flow=A");
    assert.equal(a.length, 60);
    assert.deepEqual(
      a,
      all.filter((item) => item.flow === "A"),
    );
    assert.deepEqual(
      await list("attribute=n"),
      all.filter((item) => item.attribute === "n"),
    );
    const { messageId, receivedAt } = all[40];
    assert.equal((await list(`messageId=${messageId.toUpperCase()}`)).length, 4);
    assert.deepEqual(
      await list(`from=${receivedAt}`),
      all.filter((item) => item.receivedAt >= receivedAt),
    );
    assert.deepEqual(
      await list(`to=${receivedAt}&flow=B`),
      all.filter((i) => i.receivedAt <= receivedAt && i.flow === "B"),
    );
    for (const limit of [1, 7, 80]) {
      assert.deepEqual(await list("", limit), all);
      assert.deepEqual(await list("order=desc", limit), all.toReversed());
    }
    const [page] = [await api.call("/api/v1/data?limit=80")];
    assert.equal(page.body.next, null, "a full page that is the last has no next");
  });

  it("leads from a row to its event and back", async () => {
    const [, , item] = await list("flow=A&attribute=exact");
    const one = await api.call(`/api/v1/data/${item.id}`);
    assert.deepEqual([one.status, one.body], [200, item]);
    const events = await api.all(`/api/v1/events?messageId=${item.messageId}&type=StoredAttribute`);
    const [event] = events.filter(({ id }) => id === item.eventId);
    assert.deepEqual(
      [event.data.flow, event.data.action, event.data.attribute, event.data.value],
      [item.flow, item.action, item.attribute, item.value],
    );
    assert.deepEqual(await list(`eventId=${item.eventId.toUpperCase()}`), [item]);
    assert.deepEqual(await list(`eventId=${item.eventId}&flow=B`), []);
    assert.deepEqual(await list(`eventId=${item.messageId}`), []);
    for (const id of ["0", "999999999999999999", "99999999999999999999", "x", `0${item.id}`, "%20"]) {
      const { status, body } = await api.call(`/api/v1/data/${id}`);
      assert.deepEqual([status, body.code], [404, "row-not-found"], id);
    }
  });

  it("keeps a listing whole while rows come", async () => {
    const before = (await list("")).map((item) => item.id);
    for (const order of ["asc", "desc"]) {
      let rounds = 0;
      const items = await api.all(`/api/v1/data?order=${order}`, 9, async () => {
        if (rounds++ > 3) return;
        await api.publish("a/2", '{"n":-1}');
        await api.project();
      });
      const ids = items.map((item) => item.id);
      assert.equal(new Set(ids).size, ids.length, "nothing twice");
      assert.deepEqual(new Set(before).difference(new Set(ids)), new Set(), "nothing left out");
    }
  });

  it("refuses bad queries and cursors", async () => {
    assert.equal((await api.call("/api/v1/data?device=x")).status, 422);
    assert.equal((await api.call("/api/v1/data?from=2026-01-02&to=2026-01-01")).status, 422);
    for (const after of ["x", "W10"]) {
      const { status, body } = await api.call(`/api/v1/data?after=${after}`);
      assert.deepEqual([status, body.code], [400, "bad-cursor"]);
    }
  });
});

describe("a message's story", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    const post = { type: "POST_ENDPOINT", url: "http://127.0.0.1:9/" };
    await api.define("STORES", "m/{site}", { payloadSchema: { n: "int" } });
    await api.define("POSTS", "m/#", { actions: [{ type: "STORE_DB" }, post] });
    await api.define("FLAGS", "m/+", {
      payloadSchema: { n: "int" },
      payload: { onInvalid: "flag" },
      thresholds: [{ attribute: "x", max: 1 }],
    });
  });
  after(() => api.stop());

  const story = async (id: string) => (await api.call(`/api/v1/messages/${id}`)).body;
  // biome-ignore lint/suspicious/noExplicitAny: as the answer is
  const chapter = (told: any, flow: string) => told.flows.find((item: { flow: string }) => item.flow === flow);

  it("tells of every flow what it made of the message", async () => {
    const [id] = (await api.publish("m/hall", '{"n":"x","x":2}')) as [string];
    await api.project();
    const told = await story(id);
    assert.deepEqual(
      [told.messageId, told.topic, told.broker, told.payload, told.truncated],
      [id, "m/hall", "default", { encoding: "utf8", data: '{"n":"x","x":2}' }, false],
    );
    assert.deepEqual(told.events, await api.all(`/api/v1/events?messageId=${id}`));
    const stores = chapter(told, "STORES");
    assert.deepEqual(
      [stores.verdict, stores.captures, stores.rows, stores.deliveries, stores.errors[0].pointer],
      ["rejected", { site: "hall" }, [], [], "/n"],
    );
    const flags = chapter(told, "FLAGS");
    assert.deepEqual(
      [flags.verdict, flags.errors.length, flags.messageNumber, flags.flowVersion],
      ["flagged", 1, 1, 1],
    );
    const posts = chapter(told, "POSTS");
    assert.equal(posts.verdict, "accepted");
    assert.deepEqual(posts.rows, await api.all(`/api/v1/data?messageId=${id}&flow=POSTS`));
    assert.deepEqual(posts.deliveries, [
      {
        action: "STORE_DB",
        type: "STORE_DB",
        state: "done",
        url: null,
        attempts: 1,
        status: null,
        reason: null,
        at: null,
        nextAttemptAt: null,
        steps: [],
      },
      {
        action: "POST_ENDPOINT",
        type: "POST_ENDPOINT",
        state: "pending",
        url: null,
        attempts: 0,
        status: null,
        reason: null,
        at: null,
        nextAttemptAt: null,
        steps: [],
      },
    ]);
    assert.deepEqual(await story(id.toUpperCase()), told);
  });

  it("follows a delivery from state to state", async () => {
    const [messageId] = (await api.publish("m/a", '{"n":1}')) as [string];
    const delivery = async () => chapter(await story(messageId), "POSTS").deliveries[1];
    const [received] = await api.all(`/api/v1/events?messageId=${messageId}&flow=POSTS&type=MessageReceived`);
    const common = { flow: "POSTS", messageId, messageNumber: received.data.messageNumber, action: "POST_ENDPOINT" };
    const record = async <
      T extends
        | "EndpointForwardFailed"
        | "DeliveryDeadLettered"
        | "DeliveryRetried"
        | "DeliveryDiscarded"
        | "EndpointForwarded",
    >(
      type: T,
      data: Omit<EventData<T>, keyof typeof common>,
    ) => {
      const event = { id: crypto.randomUUID(), type, schemaVersion: 1, data: { ...common, ...data }, metadata: {} };
      const stream = deliveriesStream("POSTS", dayOf(received.recordedAt));
      await api.realStore.append([{ stream, expected: "any", events: [event as unknown as NewEvent] }]);
      const { state, attempts, status, reason, at } = await delivery();
      assert.ok(at);
      return [state, attempts, status, reason];
    };
    const url = "http://127.0.0.1:9/";
    const retryAt = "2999-01-01T00:00:00.000Z";
    const again = { url, status: 503, reason: "answered 503", attempts: 1, retryAt };
    assert.deepEqual(await record("EndpointForwardFailed", again), ["pending", 1, 503, "answered 503"]);
    assert.equal((await delivery()).nextAttemptAt, retryAt);
    assert.deepEqual(
      (await story(messageId)).pending.find((item: { action: string }) => item.action !== "STORE_DB"),
      {
        flow: "POSTS",
        action: "POST_ENDPOINT",
        nextAttemptAt: retryAt,
      },
    );
    assert.deepEqual(await record("DeliveryDeadLettered", { reason: "gave up", attempts: 2 }), [
      "dead",
      2,
      503,
      "gave up",
    ]);
    assert.equal((await record("DeliveryRetried", {}))[0], "pending");
    assert.deepEqual(await record("DeliveryDiscarded", { reason: "test" }), ["discarded", 2, 503, "test"]);
    assert.deepEqual(await record("EndpointForwarded", { url, status: 200, attempts: 3, latencyMs: 1 }), [
      "done",
      3,
      200,
      null,
    ]);
    const { url: posted, steps } = await delivery();
    assert.equal(posted, url);
    assert.deepEqual(
      steps.map((step: DeliveryStep) => [step.type, step.attempt, step.status, step.latencyMs, step.reason]),
      [
        ["EndpointForwardFailed", 1, 503, null, "answered 503"],
        ["DeliveryDeadLettered", 2, null, null, "gave up"],
        ["DeliveryRetried", null, null, null, null],
        ["DeliveryDiscarded", null, null, null, "test"],
        ["EndpointForwarded", 3, 200, 1, null],
      ],
    );
  });

  it("tells of rows that are not stored yet, that died, and that were discarded", async () => {
    const dead = "d".repeat(300);
    const [id] = (await api.publish("m/rows", `{"n":1,"${dead}":2}`)) as [string];
    const storing = async () => chapter(await story(id), "STORES").deliveries[0];
    assert.equal((await storing()).state, "pending");
    await api.project();
    const died = await storing();
    assert.deepEqual([died.state, died.attempts], ["dead", 1]);
    assert.match(died.reason, /255/);
    const [letter] = await api.all("/api/v1/dead-letters?flow=STORES");
    const settled = await api.call(`/api/v1/dead-letters/${encodeURIComponent(letter.id)}/discard`, {
      body: { reason: "no such attribute" },
    });
    assert.deepEqual([settled.status, settled.body], [200, { count: 1 }]);
    await api.project();
    const discarded = await storing();
    assert.deepEqual([discarded.state, discarded.reason], ["discarded", "no such attribute"]);
  });

  it("leaves out what would be too much, and says so", async () => {
    const text = "y".repeat(1_000_000);
    for (let n = 0; n < 12; n++) await api.define(`MANY${n}`, "many");
    const [id] = (await api.publish("many", JSON.stringify(text))) as [string];
    await api.project();
    const told = await story(id);
    assert.equal(told.truncated, true);
    assert.ok(told.events.length < 24);
    assert.deepEqual(
      told.flows.map((flow: { deliveries: { state: string }[] }) => flow.deliveries[0]?.state),
      Array.from({ length: 12 }, () => "done"),
    );
  });

  it("knows no message that no flow recorded", async () => {
    const [id] = await api.publish("elsewhere", "1");
    assert.equal(id, null);
    for (const unknown of [crypto.randomUUID(), "x", "%00"]) {
      const { status, body } = await api.call(`/api/v1/messages/${unknown}`);
      assert.deepEqual([status, body.code], [404, "message-not-found"]);
    }
  });
});
