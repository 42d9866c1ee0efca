import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Replay } from "@sluice/contracts";
import { AdminFixture } from "./support/admin-fixture.ts";

const ROOMS = {
  code: "ROOMS",
  topic: "rooms/+/climate",
  payloadSchema: { type: "object", properties: { t: { type: "number" } } },
  actions: [{ type: "STORE_DB" }],
};
const NOBODY = "/api/v1/replays/0190a5b0-0000-7000-8000-000000000001";

describe("replays over the admin API", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    assert.equal((await api.call("/api/v1/flows", { method: "POST", body: ROOMS })).status, 201);
    const disabled = { ...ROOMS, code: "OFF", enabled: false };
    assert.equal((await api.call("/api/v1/flows", { method: "POST", body: disabled })).status, 201);
  });
  after(() => api.stop());

  const request = (body: unknown) => api.call("/api/v1/replays", { method: "POST", body });

  it("records the request with its author, and says where to look", async () => {
    const { status, body, headers } = await request({ kind: "re-drive", flow: "ROOMS", from: "2026-01-01" });
    assert.equal(status, 202);
    const replay = body as Replay;
    assert.equal(headers.location, `/api/v1/replays/${replay.id}`);
    assert.deepEqual(
      [replay.state, replay.from, replay.to, replay.messagesPerSecond, replay.progress],
      ["waiting", "2026-01-01T00:00:00.000Z", null, 2000, 0],
    );
    assert.match(replay.requestedBy ?? "", /^api:/);
    assert.deepEqual((await api.call(`/api/v1/replays/${replay.id}`)).body, replay);
    const { events } = await api.realStore.readAll({ limit: 10, filter: { types: ["ReplayRequested"] } });
    assert.deepEqual(
      events.map(({ stream }) => stream),
      [`replay-${replay.id}`],
    );
  });

  it("lists the newest first, page by page", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      ids.unshift((await request({ kind: "re-drive", flow: "ROOMS" })).body.id);
    }
    const first = (await api.call("/api/v1/replays?limit=2")).body;
    assert.deepEqual(
      first.items.map(({ id }: Replay) => id),
      ids.slice(0, 2),
    );
    const second = (await api.call(`/api/v1/replays?limit=1&after=${first.next}`)).body;
    assert.deepEqual(
      second.items.map(({ id }: Replay) => id),
      ids.slice(2),
    );
    assert.equal((await api.call("/api/v1/replays?after=x")).body.code, "bad-cursor");
  });

  it("cancels, once", async () => {
    const { id } = (await request({ kind: "re-drive", flow: "ROOMS" })).body;
    for (let count = 0; count < 2; count++) {
      const { status, body } = await api.call(`/api/v1/replays/${id}`, { method: "DELETE" });
      assert.deepEqual([status, body.state], [200, "cancelled"]);
    }
    const filter = { stream: `replay-${id}` };
    assert.equal((await api.realStore.readAll({ limit: 10, filter })).events.length, 2);
  });

  it("knows no replay that nobody asked for", async () => {
    assert.equal((await api.call(NOBODY)).body.code, "replay-not-found");
    assert.equal((await api.call(NOBODY, { method: "DELETE" })).body.code, "replay-not-found");
  });

  it("takes a candidate without its code, and refuses one that is none, with pointers into the request", async () => {
    const { code: _, ...candidate } = ROOMS;
    assert.equal((await request({ kind: "what-if", flow: "ROOMS", definition: candidate })).status, 202);
    assert.equal((await request({ kind: "what-if", flow: "NEW", definition: candidate, topic: "#" })).status, 202);
    const definition = { topic: "a/#/b", actions: [{ type: "STORE_DB" }] };
    const bad = await request({ kind: "what-if", flow: "ROOMS", definition });
    assert.deepEqual([bad.status, bad.body.code], [422, "bad-definition"]);
    assert.deepEqual(
      bad.body.errors.map(({ pointer }: { pointer: string }) => pointer),
      ["/definition/topic"],
    );
    const other = await request({ kind: "what-if", flow: "ROOMS", definition: { ...ROOMS, code: "X" } });
    assert.deepEqual(
      other.body.errors.map(({ pointer }: { pointer: string }) => pointer),
      ["/definition/code"],
    );
  });

  it("tells every member that makes no sense", async () => {
    const pointers = async (body: unknown) => {
      const answer = await request(body);
      assert.deepEqual([answer.status, answer.body.code], [422, "invalid-query"], JSON.stringify(answer.body));
      return answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort();
    };
    const re = { kind: "re-drive", flow: "ROOMS" };
    const back = { kind: "backfill", flow: "ROOMS" };
    assert.deepEqual(await pointers({ kind: "rewind", flow: "ROOMS" }), ["/kind"]);
    assert.deepEqual(await pointers({ ...re, action: "STORE_DB", topic: "#", definition: {} }), [
      "/action",
      "/definition",
      "/topic",
    ]);
    assert.deepEqual(await pointers({ ...re, messagesPerSecond: 0 }), ["/messagesPerSecond"]);
    assert.deepEqual(await pointers({ ...re, from: "yesterday" }), ["/from"]);
    assert.deepEqual(await pointers({ kind: "re-drive", flow: "OFF" }), ["/flow"]);
    assert.deepEqual(await pointers({ ...back, sourceFlow: "NOWHERE", topic: "a/#/b" }), ["/sourceFlow", "/topic"]);
    assert.deepEqual(await pointers({ ...back, sourceFlow: "ROOMS" }), ["/sourceFlow"]);
    assert.deepEqual(await pointers({ ...back, action: "NONE" }), ["/action"]);
    assert.deepEqual(await pointers({ ...back, action: "STORE_DB", topic: "#" }), ["/topic"]);
    assert.deepEqual(await pointers({ kind: "what-if", flow: "ROOMS" }), ["/definition"]);
    assert.equal((await request({ kind: "re-drive", flow: "NONE" })).body.code, "flow-not-found");
  });
});
