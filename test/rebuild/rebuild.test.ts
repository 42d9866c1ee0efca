import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ReplayBook, Replays, uuidv7 } from "@sluice/app";
import type { ReplayInput } from "@sluice/contracts";
import { ProjectionFull, type ProjectionRebuild, ProjectionUnavailable } from "@sluice/domain";
import { eventually } from "../support/gateway-process.ts";
import { RebuildFixture } from "./support/rebuild-fixture.ts";

const flow = {
  code: "ROOMS",
  topic: "rooms/+",
  payloadSchema: { t: "float" },
  actions: [{ type: "STORE_DB" as const }],
};
const DAMAGE = "DELETE FROM data WHERE last_msg_id = 2; UPDATE data SET attribute_value = '0' WHERE last_msg_id = 3";
const rebuild: ReplayInput = { kind: "rebuild" };
const byNumber = (a: { messageNumber: number }, b: { messageNumber: number }): number =>
  a.messageNumber - b.messageNumber;
const texts = async (fixture: RebuildFixture) =>
  (await fixture.rows()).map(({ messageNumber, text }) => `${messageNumber}:${text}`).sort();
const WHOLE = ["1:1.5", "2:2.5", "3:3.5", "4:4.5"];
const DAMAGED = ["1:1.5", "3:0", "4:4.5"];

describe("a rebuild", () => {
  let fixture: RebuildFixture;
  beforeEach(async () => {
    fixture = new RebuildFixture();
    await fixture.start();
    await fixture.define(flow);
    await fixture.ingest("rooms/a", '{"t":1.5}', '{"t":2.5}', '{"t":3.5}', '{"t":4.5}');
    await fixture.projected();
    fixture.sql(DAMAGE);
  });
  afterEach(() => fixture.stop());

  /** Kills it when it comes to that call: it goes no further, and another process goes on with the same files. */
  const killAt = async (
    call: keyof ProjectionRebuild,
    moment: "before" | "after",
    input: ReplayInput,
    lastly: (id: string) => Promise<void> = async () => {},
  ) => {
    const first = fixture;
    const reached = Promise.withResolvers<void>();
    const dead = Promise.withResolvers<never>();
    first[moment] = async (called) => {
      if (called !== call) return;
      reached.resolve();
      await dead.promise;
    };
    const id = await first.request(input);
    await reached.promise;
    await lastly(id);
    const ended = first.end();
    fixture = new RebuildFixture({ dataDir: first.dataDir });
    await fixture.start();
    const replay = await fixture.ended(id);
    const stop = fixture.stop.bind(fixture);
    fixture.stop = async () => {
      await stop();
      dead.reject(new Error("killed"));
      await ended;
      await first.store.stop();
      first.remove();
    };
    return replay;
  };

  it("says what differs, mends it, and leaves nothing behind", async () => {
    const { rebuild: result, figures } = await fixture.run(rebuild);
    assert.ok(result);
    const { comparison, switchedOver } = result;
    assert.deepEqual(switchedOver, { added: 1, removed: 0, changed: 1 });
    assert.deepEqual([comparison.live.rows, comparison.rebuilt.rows], [3, 4]);
    assert.notEqual(comparison.live.digest, comparison.rebuilt.digest);
    assert.deepEqual(
      comparison.samples
        .toSorted(byNumber)
        .map((sample) => [sample.difference, sample.messageNumber, sample.live, sample.rebuilt]),
      [
        ["missing", 2, null, "2.5"],
        ["changed", 3, "0", "3.5"],
      ],
    );
    assert.equal(figures.scanned, 4);
    assert.deepEqual(await texts(fixture), WHOLE);
    await eventually(() => !fixture.hasCandidate, "the candidate is gone");
    const again = await fixture.run({ ...rebuild, compareOnly: true });
    assert.deepEqual(again.rebuild?.comparison.live, comparison.rebuilt);
  });

  it("changes nothing when it is only to compare", async () => {
    const { rebuild: result } = await fixture.run({ ...rebuild, compareOnly: true });
    assert.equal(result?.switchedOver, null);
    assert.equal(result?.comparison.missing, 1);
    assert.deepEqual(await texts(fixture), DAMAGED);
    await assert.rejects(fixture.request({ kind: "rollback" }), /there is none/);
  });

  it("says which counts differ, and mends them", async () => {
    fixture.sql("UPDATE sink_counts SET done = 7, dead = 1");
    const { rebuild: result } = await fixture.run(rebuild);
    const live = { done: 7, dead: 1, discarded: 0 };
    const rebuilt = { done: 4, dead: 0, discarded: 0 };
    assert.deepEqual(result?.comparison.counts, [{ flow: "ROOMS", action: "STORE_DB", live, rebuilt }]);
    assert.deepEqual(await fixture.projection.counts(), [{ flow: "ROOMS", action: "STORE_DB", ...rebuilt }]);
  });

  it("lets the live projection go on, and takes in what comes meanwhile", async () => {
    let blocked = true;
    fixture.before = async (call) => {
      if (call === "rows" && blocked) {
        blocked = false;
        await fixture.ingest("rooms/a", '{"t":5.5}');
        await eventually(async () => (await fixture.projection.counts())[0]?.done === 5, "the live one goes on");
      }
    };
    const { rebuild: result } = await fixture.run(rebuild);
    assert.deepEqual([result?.comparison.rebuilt.rows, result?.switchedOver?.added], [4, 1]);
    assert.deepEqual(await texts(fixture), [...WHOLE, "5:5.5"]);
    await fixture.run({ kind: "rollback" });
    assert.deepEqual(await texts(fixture), [...DAMAGED, "5:5.5"]);
    assert.deepEqual((await fixture.projection.counts())[0]?.done, 5);
  });

  it("is cancelled without a trace", async () => {
    let id = "";
    fixture.before = async (call) => {
      if (call === "mark") await (await fixture.replays()).cancel(id, { actor: "api:test" });
    };
    id = await fixture.request(rebuild);
    assert.equal((await fixture.ended(id)).state, "cancelled");
    await eventually(() => !fixture.hasCandidate, "the candidate is gone");
    assert.deepEqual(await texts(fixture), DAMAGED);
  });

  for (const isKilled of [false, true]) {
    it(`cancelled when its switch is being made${isKilled ? ", and killed then," : ""} has switched`, async () => {
      let id = "";
      const cancel = async (of: string) => {
        id = of;
        await (await fixture.replays()).cancel(id, { actor: "api:test" });
      };
      if (isKilled) await killAt("switchOver", "after", rebuild, cancel);
      else {
        fixture.after = async (call) => (call === "switchOver" ? cancel(id) : undefined);
        id = await fixture.request(rebuild);
      }
      const completed = async () => (await (await fixture.replays()).get(id))?.state === "completed";
      await eventually(completed, "it is known to have completed");
      await eventually(() => !fixture.hasCandidate, "the candidate is gone");
      assert.deepEqual(await texts(fixture), WHOLE);
      await fixture.run({ kind: "rollback" });
      assert.deepEqual(await texts(fixture), DAMAGED);
    });
  }

  it("leaves the live projection at its own speed, however slow it may be", async () => {
    await fixture.ingest("rooms/a", ...Array.from({ length: 1_200 }, (_, index) => `{"t":${index}}`));
    await fixture.projected();
    const id = await fixture.request({ ...rebuild, messagesPerSecond: 1 });
    const scanned = async () => (await fixture.sink.report()).replays.get(id)?.figures.scanned ?? 0;
    await eventually(async () => (await scanned()) > 1, "it is under way");
    await fixture.ingest("rooms/a", '{"t":5.5}');
    await fixture.projected();
    assert.ok((await scanned()) < 20, "it keeps to its speed");
    await (await fixture.replays()).cancel(id, { actor: "api:test" });
    await eventually(() => !fixture.hasCandidate, "the candidate is gone");
  });

  it("holds a few of large messages at a time", async () => {
    const text = "x".repeat(100_000);
    await fixture.ingest("rooms/a", ...Array.from({ length: 300 }, (_, t) => JSON.stringify({ t, text })));
    await fixture.projected();
    const { store, rebuild: projections } = fixture;
    const pages: number[] = [];
    const note = (items: readonly unknown[]) => pages.push(JSON.stringify(items).length);
    const [readAll, rows] = [store.readAll.bind(store), projections.rows.bind(projections)];
    store.readAll = async (options) => {
      const page = await readAll(options);
      note(page.events);
      return page;
    };
    projections.rows = async (...given) => {
      const page = await rows(...given);
      note(page);
      return page;
    };
    assert.equal((await fixture.run(rebuild)).figures.scanned, 304);
    assert.ok(Math.max(...pages) < 12_000_000, `a page of ${Math.max(...pages)} characters`);
  });

  it("is not made from a log that the live projection was not made from", async () => {
    fixture.sql("UPDATE cursors SET position = '999999' WHERE consumer = 'projection'");
    const { state, reason } = await fixture.run(rebuild);
    assert.equal(state, "failed");
    assert.match(reason ?? "", /not the log that it was made from/);
  });

  it("can be rolled back by a gateway that has not read all of the log yet", async () => {
    const id = await fixture.request(rebuild);
    await fixture.ended(id);
    const { store } = fixture;
    const replays = new Replays({ store, book: new ReplayBook(), ids: uuidv7, live: async () => null });
    assert.equal(await replays.lastSwitch(), id);
  });

  it("gives up when there is no room, and gives the room back", async () => {
    fixture.before = async (call) => {
      if (call === "rows") throw new ProjectionFull("database or disk is full");
    };
    const { state, reason } = await fixture.run(rebuild);
    assert.equal(state, "failed");
    assert.match(reason ?? "", /^there is no room .* full$/);
    await eventually(() => !fixture.hasCandidate, "the candidate is gone");
    assert.deepEqual(await texts(fixture), DAMAGED);
  });

  it("goes on when the database is away for a while", async () => {
    let away = 2;
    fixture.before = async (call) => {
      if (call === "switchOver" && away-- > 0) throw new ProjectionUnavailable("away");
    };
    assert.equal((await fixture.run(rebuild)).state, "completed");
    assert.deepEqual(await texts(fixture), WHOLE);
  });

  for (const call of ["candidate", "mark", "rows", "switchOver"] as const) {
    for (const moment of ["before", "after"] as const) {
      it(`killed ${moment} ${call} comes to the same`, async () => {
        const { rebuild: result, state } = await killAt(call, moment, rebuild);
        assert.equal(state, "completed");
        assert.deepEqual(result?.switchedOver, { added: 1, removed: 0, changed: 1 });
        assert.deepEqual([result?.comparison.missing, result?.comparison.changed], [1, 1]);
        assert.deepEqual(await texts(fixture), WHOLE);
        await fixture.run({ kind: "rollback" });
        assert.deepEqual(await texts(fixture), DAMAGED);
      });
    }
  }

  for (const moment of ["before", "after"] as const) {
    it(`rolled back by one that was killed ${moment} it came to that`, async () => {
      await fixture.run(rebuild);
      assert.equal((await killAt("rollBack", moment, { kind: "rollback" })).state, "completed");
      assert.deepEqual(await texts(fixture), DAMAGED);
    });
  }

  it("that was rolled back is not rolled back twice", async () => {
    const first = await fixture.request(rebuild);
    await fixture.ended(first);
    const replays = await fixture.replays();
    const order = { kind: "rollback" as const, rollbackOf: first };
    const [one, two] = [await replays.request(order, {}), await replays.request(order, {})];
    assert.equal((await fixture.ended(one.id)).state, "completed");
    const { state, reason } = await fixture.ended(two.id);
    assert.deepEqual([state, reason], ["failed", "that switch is not the last one, or was rolled back already"]);
    assert.deepEqual(await texts(fixture), DAMAGED);
  });

  it("has a row that the live projection could not store, and gives its letter back when rolled back", async () => {
    fixture.sql(`CREATE TRIGGER picky BEFORE INSERT ON data WHEN NEW.attribute_value = '6.5'
      BEGIN SELECT RAISE(ABORT, 'not that one'); END`);
    await fixture.ingest("rooms/a", '{"t":6.5}');
    await fixture.projected();
    const letters = async () => (await fixture.projection.deadLetters({}, { limit: 10 })).items.length;
    assert.equal(await letters(), 1);
    fixture.sql("DROP TRIGGER picky");
    const { rebuild: result } = await fixture.run(rebuild);
    assert.equal(result?.switchedOver?.added, 2);
    assert.equal(await letters(), 0, "the rebuilt one has the row");
    await fixture.run({ kind: "rollback" });
    await fixture.projected();
    assert.equal(await letters(), 1);
  });
});

it("a rebuild leaves alone what retention is about to take", async (t) => {
  const now = Date.parse("2026-03-10T12:00:00Z");
  let at = now - 40 * 86_400_000;
  const fixture = new RebuildFixture({ clock: { now: () => at }, retentionDays: 30 });
  t.after(() => fixture.stop());
  await fixture.start();
  await fixture.define(flow);
  const ingest = async (payload: string) =>
    fixture.pipeline.ingest(
      [{ topic: "rooms/a", payload: Buffer.from(payload), qos: 1, retain: false, dup: false, receivedAt: at }],
      { source: "mqtt", broker: "default" },
    );
  await ingest('{"t":1.5}');
  at = now;
  await ingest('{"t":2.5}');
  await fixture.projected();
  fixture.sql("DELETE FROM data");
  const { rebuild: result } = await fixture.run(rebuild);
  assert.deepEqual([result?.comparison.rebuilt.rows, result?.switchedOver?.added], [1, 1]);
  assert.deepEqual(await texts(fixture), ["2:2.5"]);
});
