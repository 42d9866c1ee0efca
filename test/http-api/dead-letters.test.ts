/** Dead letters over the API: listed, retried, discarded; each settled once, whoever asks how often. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { NewEvent, RecordedEvent } from "@sluice/contracts";
import { dayOf, deliveriesStream, deliveryId } from "@sluice/domain";
import { AdminFixture } from "./support/admin-fixture.ts";

describe("dead letters", () => {
  let api: AdminFixture;
  beforeEach(async () => {
    api = await new AdminFixture().start();
    await api.define("ROWS", "rows");
    await api.define("POSTS", "posts", { actions: [{ type: "POST_ENDPOINT", url: "http://127.0.0.1:9/" }] });
  });
  afterEach(() => api.stop());

  /** Deliveries that were given up on, as the forwarder says it. */
  const kill = async (count: number, attempts = 1): Promise<string[]> => {
    const ids = await api.publish("posts", ...Array.from({ length: count }, (_, n) => `${n}`));
    const events = ids.map(
      (messageId, index): NewEvent => ({
        id: crypto.randomUUID(),
        type: "DeliveryDeadLettered",
        schemaVersion: 1,
        data: {
          flow: "POSTS",
          messageId: messageId as string,
          messageNumber: index + 1,
          action: "POST_ENDPOINT",
          reason: "answered 422",
          attempts,
        },
        metadata: {},
      }),
    );
    const stream = deliveriesStream("POSTS", dayOf(new Date(api.clock.now()).toISOString()));
    await api.realStore.append([{ stream, expected: "any", events }]);
    await api.project();
    return ids.map((messageId) =>
      deliveryId({ messageId: messageId as string, flow: "POSTS", action: "POST_ENDPOINT" }),
    );
  };
  const killRows = async (count: number): Promise<void> => {
    const name = `näme/${"x".repeat(300)}`;
    await api.publish("rows", ...Array.from({ length: count }, (_, n) => `{"${name}":${n},"ok":1}`));
    await api.project();
  };
  const settle = async (kind: "retry" | "discard", body: unknown): Promise<number> => {
    const answer = await api.call(`/api/v1/dead-letters/${kind}`, { body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.count;
  };
  const list = (query = "", limit?: number) => api.all(`/api/v1/dead-letters?${query}`, limit);
  const settled = async (): Promise<RecordedEvent<"DeliveryRetried" | "DeliveryDiscarded">[]> =>
    api.all("/api/v1/events?type=DeliveryRetried,DeliveryDiscarded");

  it("lists them with filters, in the order in which they died", async () => {
    const deliveries = await kill(5);
    await killRows(3);
    const all = await list();
    assert.equal(all.length, 8);
    assert.deepEqual(
      all.slice(0, 5).map((letter) => letter.id),
      deliveries,
    );
    assert.deepEqual(await list("kind=row"), all.slice(5));
    assert.deepEqual(await list("flow=POSTS"), all.slice(0, 5));
    assert.deepEqual(await list("action=STORE_DB&flow=ROWS"), all.slice(5));
    assert.deepEqual(await list("flow=NONE"), []);
    for (const limit of [1, 3, 8]) {
      assert.deepEqual(await list("", limit), all);
      assert.deepEqual(await list("order=desc", limit), all.toReversed());
    }
    const [row] = all.slice(5);
    assert.deepEqual([row.kind, row.attempts, row.attribute.length], ["row", 1, 305]);
    const { status, body } = await api.call("/api/v1/dead-letters?kind=message");
    assert.deepEqual([status, body.errors[0].pointer], [422, "/kind"]);
    assert.equal((await api.call("/api/v1/dead-letters?after=x")).body.code, "bad-cursor");
  });

  it("retries by id: the log says so, and the letter is gone when the sinks have read it", async () => {
    const [first, second] = await kill(3);
    const answer = await api.call("/api/v1/dead-letters/retry", {
      body: { ids: [first, second, "unknown/A/B"] },
      headers: { "x-request-id": "ticket:42" },
    });
    assert.deepEqual([answer.status, answer.body, answer.headers["x-request-id"]], [200, { count: 2 }, "ticket:42"]);
    const events = await settled();
    assert.deepEqual(
      events.map(({ type, metadata, data }) => [type, metadata, "attribute" in data]),
      Array.from({ length: 2 }, () => ["DeliveryRetried", { actor: "api:admin", requestId: "ticket:42" }, false]),
    );
    await api.project();
    assert.equal((await list()).length, 1);
  });

  it("retries and discards rows, which the projection then stores or forgets", async () => {
    await killRows(2);
    const [one, two] = await list();
    assert.equal(await settle("retry", { ids: [one.id] }), 1);
    assert.equal(await settle("discard", { filter: { kind: "row", flow: "ROWS" }, reason: "not wanted" }), 1);
    const [, discarded] = await settled();
    assert.deepEqual(
      [discarded?.data.attribute, discarded?.data],
      [
        two.attribute,
        {
          flow: "ROWS",
          messageId: two.messageId,
          messageNumber: 2,
          action: "STORE_DB",
          attribute: two.attribute,
          reason: "not wanted",
        },
      ],
    );
    await api.project();
    const [again, ...others] = await list();
    assert.deepEqual([again.id, again.attempts, others], [one.id, 2, []], "the row that was retried died again");
    assert.equal(await settle("retry", { ids: [one.id] }), 1, "and can be retried again");
  });

  it("takes by filter what is on every page, and leaves what dies meanwhile", async () => {
    await kill(1_203);
    await kill(2, 7);
    const { append } = api.realStore;
    let reborn = 0;
    api.storeInstead.append = async (batch) => {
      const result = await append.call(api.realStore, batch);
      if (reborn++ < 700 && reborn % 100 === 0) {
        // Some die again at once, later than all that was there.
        api.ahead += 5;
        await kill(1);
      }
      return result;
    };
    assert.equal(await settle("retry", { filter: { flow: "POSTS" } }), 1_205);
    api.storeInstead = {};
    await api.project();
    assert.equal((await list()).length, 7);
    assert.equal(await settle("discard", { filter: {} }), 7);
    await api.project();
    assert.deepEqual(await list(), []);
  });

  it("comes to an end though everything that it retries dies again at once", async () => {
    await kill(3);
    api.storeInstead.append = async (batch) => {
      const result = await api.realStore.append(batch);
      api.ahead += 1_000;
      await kill(1);
      return result;
    };
    assert.equal(await settle("retry", { filter: {} }), 3);
  });

  it("takes of ids only what the filter takes too", async () => {
    await killRows(1);
    const [delivery] = await kill(1);
    const [row] = await list("kind=row");
    assert.equal(await settle("discard", { ids: [row.id, delivery], filter: { kind: "row" } }), 1);
    assert.equal((await settled())[0]?.data.flow, "ROWS");
  });

  it("settles a letter once: asked twice, at once, by both commands, and after midnight", async () => {
    const [id] = await kill(1);
    const body = { ids: [id] };
    const counts = await Promise.all([
      settle("retry", body),
      settle("discard", body),
      settle("retry", body),
      settle("retry", { ids: [id, id] }),
    ]);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      1,
    );
    api.ahead += 24 * 3_600_000;
    assert.equal(await settle("discard", body), 0);
    assert.equal((await settled()).length, 1);
    // Dead again, it is another death.
    api.ahead = 0;
    await api.project();
    assert.deepEqual(await list(), []);
  });

  it("works while the clock is behind the log", async () => {
    api.ahead = 3_600_000;
    const [id] = await kill(1);
    api.ahead = 0;
    assert.equal(await settle("retry", { ids: [id] }), 1);
  });

  it("settles one by its address", async () => {
    await killRows(1);
    const [id] = await kill(1);
    const [row] = await list("kind=row");
    const address = (letter: string) => `/api/v1/dead-letters/${encodeURIComponent(letter)}`;
    const retried = await api.call(`${address(row.id)}/retry`, { method: "POST" });
    assert.deepEqual([retried.status, retried.body], [200, { count: 1 }]);
    const reason = { reason: "gone" };
    assert.deepEqual((await api.call(`${address(id as string)}/discard`, { body: reason })).body, { count: 1 });
    assert.deepEqual((await api.call(`${address(id as string)}/discard`, { body: reason })).body, { count: 0 });
    await api.project();
    const gone = await api.call(`${address(id as string)}/discard`, { method: "POST" });
    assert.deepEqual([gone.status, gone.body.code], [404, "dead-letter-not-found"]);
    const bad = await api.call(`${address(id as string)}/discard`, { body: { reason: 5 } });
    assert.deepEqual([bad.status, bad.body.errors[0].pointer], [422, "/reason"]);
  });

  it("asks for ids or a filter", async () => {
    for (const [body, pointer] of [
      [{}, ""],
      [{ reason: "x" }, ""],
      [{ ids: [] }, "/ids"],
      [{ ids: [5] }, "/ids/0"],
      [{ filter: { flows: "A" } }, "/filter/flows"],
      [{ filter: null }, "/filter"],
      ["", ""],
    ] as const) {
      const { status, body: problem } = await api.call("/api/v1/dead-letters/discard", { body });
      assert.deepEqual([status, problem.code, problem.errors?.[0].pointer], [422, "invalid-query", pointer]);
    }
  });
});
