/** The event log over the API: filtered, paged in both directions, and complete while it grows. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { RecordedEvent } from "@sluice/contracts";
import { AdminFixture } from "./support/admin-fixture.ts";

const HOUR = 3_600_000;

describe("events", () => {
  let api: AdminFixture;
  let everything: RecordedEvent[];
  let ids: readonly (string | null)[];

  before(async () => {
    api = await new AdminFixture().start();
    await api.define("A", "a/+", { payloadSchema: { n: "int" } });
    await api.define("B", "+/1");
    ids = await api.publish("a/1", '{"n":1}', "no", '{"n":"x"}', '{"n":2}');
    api.ahead += 48 * HOUR;
    await api.publish("b/1", '{"n":3}');
    await api.call("/api/v1/flows/A/disable", { method: "POST" });
    everything = [...(await api.realStore.readAll({ limit: 1_000 })).events];
  });
  after(() => api.stop());

  const list = (query: string, limit?: number) => api.all<RecordedEvent>(`/api/v1/events?${query}`, limit);

  it("gives the envelopes as the log has them", async () => {
    assert.deepEqual(await list(""), everything);
    assert.deepEqual(await list("order=desc"), everything.toReversed());
    const [first] = everything;
    assert.deepEqual(Object.keys(first ?? {}).sort(), [
      "data",
      "id",
      "metadata",
      "position",
      "recordedAt",
      "schemaVersion",
      "stream",
      "type",
      "version",
    ]);
  });

  it("filters by every part, and by several at once", async () => {
    const of = (match: (event: RecordedEvent) => boolean) => everything.filter(match);
    const messageIdOf = (event: RecordedEvent) => ("messageId" in event.data ? event.data.messageId : undefined);
    const streams = new Set(everything.map((event) => event.stream));
    assert.equal(streams.size, 7, [...streams].join());
    for (const stream of streams) {
      assert.deepEqual(
        await list(`stream=${stream}`),
        of((event) => event.stream === stream),
      );
    }
    assert.deepEqual(
      await list("flow=B"),
      of((event) => /^\w+-B\b/.test(event.stream)),
    );
    assert.deepEqual(
      await list("type=MessageReceived,%20FlowDefined"),
      of((event) => event.type === "MessageReceived" || event.type === "FlowDefined"),
    );
    assert.deepEqual(
      await list(`messageId=${ids[0]}`),
      of((event) => messageIdOf(event) === ids[0]),
    );
    assert.deepEqual(
      await list(`messageId=${ids[0]?.toUpperCase()}&flow=A&type=StoredAttribute`),
      of((event) => messageIdOf(event) === ids[0] && event.type === "StoredAttribute" && event.data.flow === "A"),
    );
    assert.deepEqual(await list("flow=NONE"), []);
  });

  it("takes instants with any zone, and whole days", async () => {
    const first = everything[0]?.recordedAt as string;
    const last = everything.at(-1)?.recordedAt as string;
    const later = everything.filter((event) => event.recordedAt > first && event.stream !== "flow-A");
    const boundary = everything.findLast((event) => event.type === "StoredAttribute")?.recordedAt as string;
    assert.deepEqual(
      await list(`from=${boundary}`),
      everything.filter((event) => event.recordedAt >= boundary),
    );
    assert.deepEqual(
      await list(`to=${first}`),
      everything.filter((event) => event.recordedAt <= first),
    );
    const zoned = new Date(Date.parse(boundary) + 2 * HOUR).toISOString().replace("Z", "+02:00");
    assert.equal((await list(`from=${encodeURIComponent(zoned)}`)).length, (await list(`from=${boundary}`)).length);
    const [firstDay, lastDay] = [first.slice(0, 10), last.slice(0, 10)];
    assert.ok(firstDay < lastDay && later.length > 0);
    const onDay = (day: string) => everything.filter((event) => event.recordedAt.startsWith(day));
    assert.deepEqual(await list(`from=${firstDay}&to=${firstDay}`), onDay(firstDay));
    assert.deepEqual(await list(`from=${lastDay}&to=${lastDay}`), onDay(lastDay));
    assert.deepEqual(await list(`from=${firstDay}&to=${lastDay}`), everything);
    assert.deepEqual(await list("to=2001-01-01"), []);
  });

  it("refuses what it does not understand, with every reason", async () => {
    for (const [query, ...pointers] of [
      ["type=MessageRecieved", "/type"],
      ["type=FlowDefined,", "/type"],
      ["limit=0", "/limit"],
      ["limit=1001", "/limit"],
      ["limit=1.5", "/limit"],
      ["limit=true", "/limit"],
      ["limit=", "/limit"],
      ["limit=5&limit=6", "/limit"],
      ["order=up", "/order"],
      ["messageId=5", "/messageId"],
      ["flow=a%20b", "/flow"],
      ["flows=A&limit=x", "/flows", "/limit"],
      ["from=yesterday", "/from"],
      ["from=2026-02-30", "/from"],
      ["to=2026-01-01T00:00:00", "/to"],
      ["to=2026-06-30T23:59:60Z", "/to"],
      ["from=2026-01-02&to=2026-01-01", "/from"],
    ] as const) {
      const { status, body } = await api.call(`/api/v1/events?${query}`);
      assert.deepEqual([status, body.code], [422, "invalid-query"], query);
      assert.deepEqual(body.errors.map((error: { pointer: string }) => error.pointer).sort(), pointers, query);
    }
    for (const after of ["x", "-1", "1.5", "1e3", "null"]) {
      const { status, body } = await api.call(`/api/v1/events?after=${after}`);
      assert.deepEqual([status, body.code], [400, "bad-cursor"], after);
    }
  });

  it("pages by any size in both orders, with any filter", async () => {
    for (const filter of ["", "flow=A", "type=StoredAttribute", `messageId=${ids[0]}`]) {
      const all = await list(filter);
      for (const limit of [1, 2, 3, 7]) {
        assert.deepEqual(await list(filter, limit), all);
        assert.deepEqual(await list(`${filter}&order=desc`, limit), all.toReversed());
      }
    }
  });

  it("lets a reader that has come to the end go on from the last event that it has seen", async () => {
    const seen = await list("");
    const position = seen.at(-1)?.position as string;
    const none = await api.call(`/api/v1/events?after=${position}`);
    assert.deepEqual([none.body.items, none.body.next], [[], null]);
    await api.publish("b/1", '{"n":4}');
    const news = await list(`after=${position}`);
    assert.deepEqual(
      news.map((event) => event.type),
      ["MessageReceived", "StoredAttribute"],
    );
    everything.push(...news);
  });
});

describe("events of a log that grows", () => {
  it("gives each event once in both orders, and forwards also what comes meanwhile", async (t) => {
    const api = await new AdminFixture().start();
    t.after(() => api.stop());
    await api.define("GROWS", "grows");
    await api.publish("grows", ...Array.from({ length: 50 }, (_, n) => `{"n":${n}}`));
    const before = (await api.realStore.readAll({ limit: 1_000 })).events.map((event) => event.id);
    const idsOf = async (query: string, rounds: number) => {
      let round = 0;
      const events = await api.all(`/api/v1/events?${query}`, 10, async () => {
        if (round++ < rounds) await api.publish("grows", '{"n":-1}');
      });
      return events.map((event) => event.id);
    };
    const forwards = await idsOf("order=asc", 5);
    const whole = (await api.realStore.readAll({ limit: 1_000 })).events.map((event) => event.id);
    assert.deepEqual(forwards, whole);
    assert.equal(whole.length, before.length + 10);
    assert.deepEqual(
      await idsOf("order=desc", 5),
      whole.toReversed(),
      "what comes after the beginning is not before it",
    );
  });

  it("answers with what it has when the time is up or the page is large, and goes on from there", async (t) => {
    const api = await new AdminFixture().start();
    t.after(() => api.stop());
    await api.define("LARGE", "large");
    const text = "x".repeat(900_000);
    await api.publish("large", ...Array.from({ length: 24 }, (_, n) => `{"n":${n},"text":"${text}"}`));
    const page = await api.call("/api/v1/events?limit=1000");
    assert.ok(page.body.items.length < 50, `${page.body.items.length} items of 74`);
    assert.notEqual(page.body.next, null);
    assert.equal((await api.all("/api/v1/events")).length, 74);

    // A log in which a match is far away: each read looks at a part of it and takes a second.
    const { readAll } = api.realStore;
    let reads = 0;
    api.storeInstead.readAll = async (options) => {
      reads += 1;
      api.ahead += 1_000;
      const done = await readAll.call(api.realStore, { limit: 5, ...(options.after ? { after: options.after } : {}) });
      return { ...done, events: [] };
    };
    const slow = await api.call("/api/v1/events?type=FlowRetired");
    assert.deepEqual([slow.status, slow.body.items, reads], [200, [], 2]);
    assert.notEqual(slow.body.next, null);
    assert.deepEqual(await api.all("/api/v1/events?type=FlowRetired"), []);
  });
});
