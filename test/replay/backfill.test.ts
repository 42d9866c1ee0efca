import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { normaliseDefinition } from "@sluice/domain";
import { mended, ReplayFixture, strict } from "./support/replay-fixture.ts";

const figures = { scanned: 0, accepted: 0, rejected: 0, present: 0, unmatched: 0, cut: 0, refused: 0 };
const post = { id: "HOOK", type: "POST_ENDPOINT" as const, url: "http://127.0.0.1:9/hook" };
const all = { code: "ALL", topic: "#", actions: [{ type: "STORE_DB" as const }] };

describe("backfilling a new flow", () => {
  let fixture: ReplayFixture;
  beforeEach(async () => {
    fixture = new ReplayFixture();
    await fixture.start();
    await fixture.define(all);
    await fixture.ingest("rooms/a/climate", '{"t":20}', '{"t":"x"}');
    await fixture.ingest("garden/climate", '{"t":5}');
    await fixture.ingest("rooms/b/climate", '{"t":21}');
    await fixture.define(strict);
  });
  afterEach(() => fixture.stop());

  it("gives it the messages that the log has, with their ids, times and topics, under its own numbers", async () => {
    const replay = await fixture.run({ kind: "backfill", flow: "ROOMS" });
    assert.deepEqual(
      [replay.state, replay.figures],
      ["completed", { ...figures, scanned: 4, accepted: 2, rejected: 1, unmatched: 1 }],
    );
    const [have, had] = [
      await fixture.eventsOf("ROOMS", "MessageReceived"),
      await fixture.eventsOf("ALL", "MessageReceived"),
    ];
    const expected = [had[0], had[1], had[3]].map((original, index) => [
      index + 1,
      original?.data.messageId,
      original?.data.receivedAt,
      original?.data.topic,
      original?.data.payload,
      "replay",
      replay.id,
    ]);
    assert.deepEqual(
      have.map(({ data }) => [
        ...[data.messageNumber, data.messageId, data.receivedAt, data.topic, data.payload, data.source, data.replay],
      ]),
      expected,
    );
    assert.deepEqual(
      have.map(({ data }) => data.captures),
      [{ room: "a" }, { room: "a" }, { room: "b" }],
    );
    const { counters } = fixture.state("ROOMS");
    assert.deepEqual([counters.received, counters.accepted, counters.rejected], [3, 2, 1]);
  });

  it("does nothing twice, however often it is asked for, and what came in live is not done again", async () => {
    await fixture.ingest("rooms/c/climate", '{"t":1}');
    await fixture.run({ kind: "backfill", flow: "ROOMS" });
    const before = await fixture.events("ROOMS");
    const again = await fixture.run({ kind: "backfill", flow: "ROOMS" });
    assert.deepEqual(again.figures, { ...figures, scanned: 5, present: 4, unmatched: 1 });
    assert.deepEqual(await fixture.events("ROOMS"), before);
    assert.equal(before.filter(({ type }) => type === "MessageReceived").length, 4);
  });

  it("takes a message that several flows have once", async () => {
    await fixture.define({ ...all, code: "ALSO" });
    await fixture.run({ kind: "backfill", flow: "ALSO" });
    await fixture.ingest("rooms/d/climate", '{"t":1}');
    await fixture.define({ ...strict, code: "LATE" });
    const { figures: found } = await fixture.run({ kind: "backfill", flow: "LATE" });
    // Five of ALL, of which the last is of ROOMS and ALSO, too.
    assert.deepEqual(found, { ...figures, scanned: 5, accepted: 3, rejected: 1, unmatched: 1 });
  });

  it("looks only at the topics, the flow and the time that it was told", async () => {
    const run = async (what: object) => (await fixture.run({ kind: "backfill", flow: "ROOMS", ...what })).figures;
    assert.equal((await run({ to: "2020-01-01T00:00:00.000Z" })).scanned, 0);
    assert.equal((await run({ sourceFlow: "ROOMS", topic: "#" })).scanned, 0);
    assert.deepEqual(await run({ topic: "rooms/b/#" }), { ...figures, scanned: 1, accepted: 1 });
    assert.deepEqual(await run({ sourceFlow: "ALL" }), {
      ...figures,
      scanned: 4,
      accepted: 1,
      rejected: 1,
      present: 1,
      unmatched: 1,
    });
  });

  it("works on a log without an index of messages", async () => {
    const blind = new ReplayFixture({ dataDir: fixture.dataDir, capabilities: { messageIndex: false } });
    await fixture.runner.stop();
    await blind.start();
    await blind.run({ kind: "backfill", flow: "ROOMS" });
    const again = await blind.run({ kind: "backfill", flow: "ROOMS" });
    await blind.stop();
    assert.deepEqual(again.figures, { ...figures, scanned: 4, present: 3, unmatched: 1 });
  });

  it("goes on after a crash, and comes to what an undisturbed run comes to", async () => {
    const messages = Array.from({ length: 400 }, (_, index) => `{"t":${index}}`);
    await fixture.ingest("rooms/e/climate", ...messages);
    await fixture.define({ ...strict, code: "LATE" });
    const { id } = await fixture.request({ kind: "backfill", flow: "LATE", messagesPerSecond: 500 });
    const appended = Promise.withResolvers<void>();
    let appends = 0;
    fixture.intercept = async (batch, append) => {
      const result = await append(batch);
      if (batch.some(({ stream }) => stream.startsWith("traffic-LATE")) && ++appends === 3) appended.resolve();
      return result;
    };
    await appended.promise;
    await fixture.crash();
    const second = new ReplayFixture({ dataDir: fixture.dataDir });
    await second.start();
    const replay = await second.ended(id);
    assert.equal(replay.state, "completed");
    assert.deepEqual(replay.figures, {
      ...figures,
      scanned: 404,
      accepted: 402,
      rejected: 1,
      unmatched: 1,
    });
    const numbers = (await second.eventsOf("LATE", "MessageReceived")).map(({ data }) => data.messageNumber);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    await second.stop();
  });
});

describe("backfilling a new action", () => {
  let fixture: ReplayFixture;
  beforeEach(async () => {
    fixture = new ReplayFixture();
    await fixture.start();
    await fixture.define(strict);
    await fixture.ingest("rooms/a/climate", '{"t":20}', '{"t":"21"}', '{"t":22}', "no json");
    const revised = normaliseDefinition({ ...mended, actions: [...mended.actions, post] }, { timeoutSeconds: 10 });
    assert.ok(revised.ok);
    await fixture.registry.execute("ROOMS", { kind: "revise", definition: revised.definition }, { actor: "test" });
    await fixture.ingest("rooms/a/climate", '{"t":23}');
  });
  afterEach(() => fixture.stop());

  it("makes it owed what was accepted without it, once", async () => {
    const replay = await fixture.run({ kind: "backfill", flow: "ROOMS", action: "HOOK" });
    assert.deepEqual(replay.figures, { ...figures, scanned: 3, accepted: 2, present: 1 });
    const replayed = await fixture.eventsOf("ROOMS", "MessageReplayed");
    assert.deepEqual(
      replayed.map(({ data }) => [data.messageNumber, data.was, data.owes]),
      [1, 3].map((number) => [number, "accepted", [{ action: "HOOK", type: "POST_ENDPOINT" }]]),
    );
    assert.deepEqual(fixture.state("ROOMS").owed, { STORE_DB: 3, HOOK: 3 });
    const again = await fixture.run({ kind: "backfill", flow: "ROOMS", action: "HOOK" });
    assert.deepEqual(again.figures, { ...figures, scanned: 3, present: 3 });
    assert.deepEqual(fixture.state("ROOMS").owed, { STORE_DB: 3, HOOK: 3 });
  });

  it("gives it what was accepted only after a re-drive as well, and that owes it already", async () => {
    await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(fixture.state("ROOMS").owed, { STORE_DB: 4, HOOK: 2 });
    const { figures: found } = await fixture.run({ kind: "backfill", flow: "ROOMS", action: "HOOK" });
    assert.deepEqual(found, { ...figures, scanned: 4, accepted: 2, present: 2 });
    assert.deepEqual(fixture.state("ROOMS").owed, { STORE_DB: 4, HOOK: 4 });
  });
});
