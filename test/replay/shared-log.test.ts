import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { normaliseDefinition } from "@sluice/domain";
import { mended, ReplayFixture, strict } from "./support/replay-fixture.ts";

const MESSAGES = 60;

/** On one log with rejected messages, which the mended definition takes. The second one is not started yet. */
const twoGateways = async (t: TestContext) => {
  const capabilities = { sharedLog: true };
  const one = new ReplayFixture({ capabilities });
  const two = new ReplayFixture({ capabilities, dataDir: one.dataDir });
  t.after(async () => {
    await two.stop();
    await one.stop();
  });
  await one.start();
  await one.define(strict);
  await one.ingest("rooms/a/climate", ...Array.from({ length: MESSAGES }, (_, index) => `{"t":"${index}"}`));
  const revised = normaliseDefinition(mended, { timeoutSeconds: 10 });
  assert.ok(revised.ok);
  await one.registry.execute("ROOMS", { kind: "revise", definition: revised.definition }, { actor: "test" });
  return { one, two };
};

it("a re-drive and the other gateway's ingest lose nothing to each other on a shared log", async (t) => {
  const { one, two } = await twoGateways(t);
  await two.start();
  // It would do the replay, too.
  await two.runner.stop();

  const { id } = await one.request({ kind: "re-drive", flow: "ROOMS", messagesPerSecond: 50 });
  let live = 0;
  for (;;) {
    await two.ingest("rooms/b/climate", `{"t":${live++}}`);
    await one.ingest("rooms/c/climate", `{"t":${live++}}`);
    if (one.book.get(id)?.state !== "open") break;
    // Stores that work in the calling thread give nothing else a turn.
    await setImmediate();
  }
  const replay = await one.ended(id);
  assert.deepEqual([replay.state, replay.figures.accepted], ["completed", MESSAGES]);
  for (const fixture of [one, two]) {
    await fixture.registry.refresh(Date.now());
    const { counters, owed, lastMessageNumber } = fixture.state("ROOMS");
    const all = MESSAGES + live;
    assert.deepEqual([counters.received, counters.accepted, counters.rejected], [all, all, 0]);
    assert.deepEqual([owed, lastMessageNumber], [{ STORE_DB: all }, all]);
  }
  assert.equal((await one.eventsOf("ROOMS", "MessageReplayed")).length, MESSAGES);
});

it("two gateways that both do a replay do nothing twice", async (t) => {
  const { one, two } = await twoGateways(t);
  await two.start();
  const { id } = await one.request({ kind: "re-drive", flow: "ROOMS", messagesPerSecond: 100 });
  await Promise.all([one.ended(id), two.ended(id)]);
  // The slower one may have a batch left.
  await one.runner.stop();
  await two.runner.stop();
  const replayed = (await one.eventsOf("ROOMS", "MessageReplayed")).map(({ data }) => data.messageNumber);
  assert.equal(new Set(replayed).size, replayed.length);
  assert.equal(replayed.length, MESSAGES);
  await one.registry.load({ thorough: true });
  const { counters, owed } = one.state("ROOMS");
  assert.deepEqual([counters.accepted, counters.rejected, owed], [MESSAGES, 0, { STORE_DB: MESSAGES }]);
});
