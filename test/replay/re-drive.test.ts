import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { FlowDefinitionInput } from "@sluice/contracts";
import { normaliseDefinition } from "@sluice/domain";
import { mended, ReplayFixture, strict } from "./support/replay-fixture.ts";

const figures = { scanned: 0, accepted: 0, rejected: 0, present: 0, unmatched: 0, cut: 0, refused: 0 };

describe("re-driving rejected messages", () => {
  let fixture: ReplayFixture;
  beforeEach(async () => {
    fixture = new ReplayFixture();
    await fixture.start();
    await fixture.define(strict);
    await fixture.ingest("rooms/a/climate", '{"t":20.5}', '{"t":"21.0"}', "no json", '{"t":22}', '{"t":"23.5"}');
  });
  afterEach(() => fixture.stop());

  const revise = async (input: FlowDefinitionInput): Promise<void> => {
    const result = normaliseDefinition(input, { timeoutSeconds: 10 });
    assert.ok(result.ok);
    await fixture.registry.execute(input.code, { kind: "revise", definition: result.definition }, { actor: "test" });
  };

  it("takes those that the mended definition accepts, under their numbers, and counts the others", async () => {
    assert.deepEqual(fixture.state("ROOMS").counters.rejected, 3);
    await revise(mended);
    const replay = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(
      { state: replay.state, progress: replay.progress, figures: replay.figures, reason: replay.reason },
      { state: "completed", progress: 1, figures: { ...figures, scanned: 3, accepted: 2, rejected: 1 }, reason: null },
    );
    const replayed = await fixture.eventsOf("ROOMS", "MessageReplayed");
    assert.deepEqual(
      replayed.map(({ data }) => [
        data.messageNumber,
        data.was,
        data.flowVersion,
        data.captures,
        data.owes,
        data.replay,
      ]),
      [2, 5].map((number) => [
        number,
        "rejected",
        2,
        { room: "a" },
        [{ action: "STORE_DB", type: "STORE_DB" }],
        replay.id,
      ]),
    );
    const received = await fixture.eventsOf("ROOMS", "MessageReceived");
    for (const { data } of replayed) {
      const original = received.find((event) => event.data.messageNumber === data.messageNumber);
      assert.deepEqual(data.original, { stream: original?.stream, version: original?.version });
      assert.equal(data.messageId, original?.data.messageId);
      assert.equal(data.receivedAt, original?.data.receivedAt);
    }
    const rows = (await fixture.eventsOf("ROOMS", "StoredAttribute")).map(({ data }) => [
      data.messageNumber,
      data.value,
    ]);
    assert.deepEqual(rows, [
      [1, 20.5],
      [4, 22],
      [2, "21.0"],
      [5, "23.5"],
    ]);
    const { counters, owed, lastMessageNumber } = fixture.state("ROOMS");
    assert.deepEqual(counters, { received: 5, accepted: 4, rejected: 1, flagged: 0, breached: 0, skipped: 0 });
    assert.deepEqual([owed, lastMessageNumber], [{ STORE_DB: 4 }, 5]);
  });

  it("does nothing twice, however often it is asked for", async () => {
    await revise(mended);
    await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    const before = await fixture.events("ROOMS");
    const again = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(again.figures, { ...figures, scanned: 3, present: 2, rejected: 1 });
    assert.deepEqual(await fixture.events("ROOMS"), before);
  });

  it("leaves the state that a restart reads back from the log", async () => {
    await revise(mended);
    await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    const state = fixture.state("ROOMS");
    await fixture.registry.load({ thorough: true });
    assert.deepEqual(fixture.state("ROOMS"), state);
    await fixture.ingest("rooms/b/climate", '{"t":1}');
    assert.equal(fixture.state("ROOMS").lastMessageNumber, 6);
  });

  it("accepts none while the definition is as it was, and counts what is not the flow's any more", async () => {
    assert.deepEqual((await fixture.run({ kind: "re-drive", flow: "ROOMS" })).figures, {
      ...figures,
      scanned: 3,
      rejected: 3,
    });
    await revise({ ...mended, topic: "houses/{room}/climate" });
    assert.deepEqual((await fixture.run({ kind: "re-drive", flow: "ROOMS" })).figures, {
      ...figures,
      scanned: 3,
      unmatched: 3,
    });
    assert.deepEqual(await fixture.eventsOf("ROOMS", "MessageReplayed"), []);
  });

  it("looks at nothing outside the window, and at nothing that came after the request", async () => {
    await revise(mended);
    const [first] = await fixture.eventsOf("ROOMS", "MessageReceived");
    const before = new Date(Date.parse(first?.recordedAt as string) - 1).toISOString();
    assert.equal((await fixture.run({ kind: "re-drive", flow: "ROOMS", to: before })).figures.scanned, 0);
    assert.equal((await fixture.run({ kind: "re-drive", flow: "ROOMS", from: before })).figures.scanned, 3);
  });

  it("flags what the mended definition flags", async () => {
    await revise({ ...strict, payload: { onInvalid: "flag" } });
    const replay = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(replay.figures, { ...figures, scanned: 3, accepted: 2, rejected: 1 });
    const { counters } = fixture.state("ROOMS");
    assert.deepEqual([counters.accepted, counters.rejected, counters.flagged], [4, 1, 2]);
  });

  it("passes over a payload of which the log has the beginning only", async () => {
    await fixture.ingest("rooms/a/climate", `{"t":"${"x".repeat(1_000_000)}"}`);
    await revise(mended);
    const { figures: found } = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(found, { ...figures, scanned: 4, accepted: 2, rejected: 1, cut: 1 });
  });

  it("passes over what the event log refuses, and does the rest", async () => {
    await revise(mended);
    const { EventRejected } = await import("@sluice/domain");
    fixture.intercept = async (batch, append) => {
      const refused = batch.some(({ events }) =>
        events.some(
          ({ type, data }) => type === "MessageReplayed" && "messageNumber" in data && data.messageNumber === 2,
        ),
      );
      if (refused) throw new EventRejected("too large");
      return append(batch);
    };
    const { figures: found } = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(found, { ...figures, scanned: 3, accepted: 1, rejected: 1, refused: 1 });
    assert.deepEqual(fixture.state("ROOMS").counters.rejected, 2);
  });

  it("waits while the log takes nothing, and loses nothing", async () => {
    const { EventStoreUnavailable } = await import("@sluice/domain");
    await revise(mended);
    let failures = 3;
    fixture.intercept = async (batch, append) => {
      const isTraffic = batch.some(({ stream }) => stream.startsWith("traffic-"));
      if (isTraffic && failures-- > 0) throw new EventStoreUnavailable("disk full");
      return append(batch);
    };
    const { figures: found } = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(found, { ...figures, scanned: 3, accepted: 2, rejected: 1 });
    assert.equal((await fixture.eventsOf("ROOMS", "MessageReplayed")).length, 2);
  });

  it("fails with the reason when the flow is disabled meanwhile", async () => {
    await revise(mended);
    await fixture.registry.execute("ROOMS", { kind: "disable" }, { actor: "test" });
    const replay = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.deepEqual(
      [replay.state, replay.reason],
      ["failed", "the flow is not enabled any more, or has no such action"],
    );
  });

  it("is cancelled, and stays listed", async () => {
    await revise(mended);
    const { id } = await fixture.request({ kind: "re-drive", flow: "ROOMS", messagesPerSecond: 1 });
    const cancelled = await fixture.replays.cancel(id, { actor: "api:test" });
    assert.equal(cancelled?.state, "cancelled");
    const replay = await fixture.run({ kind: "re-drive", flow: "ROOMS" });
    assert.equal(replay.figures.scanned, 3);
    const { items } = await fixture.replays.list(10);
    assert.deepEqual(
      items.map(({ state }) => state),
      ["completed", "cancelled"],
    );
    const { events } = await fixture.store.readAll({ limit: 100, filter: { types: ["ReplayCancelled"] } });
    assert.deepEqual(
      events.map(({ metadata }) => metadata.actor),
      ["api:test"],
    );
  });

  it("keeps to the speed that it was given", async () => {
    await fixture.ingest("rooms/a/climate", ...Array.from({ length: 20 }, () => '{"t":"1"}'));
    await revise(mended);
    const start = performance.now();
    await fixture.run({ kind: "re-drive", flow: "ROOMS", messagesPerSecond: 50 });
    const ms = performance.now() - start;
    assert.ok(ms >= 300, `23 messages at 50 a second took ${ms} ms`);
  });
});
