/** The projector over a real log and a real projection: exactly once in effect, and dead rows announced. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SqliteProjectionStore } from "@sluice/adapter-sqlite";
import { systemClock } from "@sluice/app";
import { LogFollower, PROJECTOR, Projector } from "@sluice/app/sinks";
import type { FlowDefinition } from "@sluice/contracts";
import { pino } from "pino";
import { eventually } from "../support/gateway-process.ts";
import { IngestFixture } from "../support/ingest-fixture.ts";

describe("projector", () => {
  let fixture: IngestFixture;
  let projection: SqliteProjectionStore;
  let stopping: AbortController;
  let running: Promise<void>;

  const begin = () => {
    stopping = new AbortController();
    const projector = new Projector({ store: fixture.store, projection, flows: [] });
    const follower = new LogFollower(projector, {
      store: fixture.store,
      clock: systemClock,
      log: pino({ level: "silent" }),
    });
    running = follower.run(stopping.signal);
    return follower;
  };
  const end = async () => {
    stopping.abort();
    await running;
  };
  const caughtUp = () =>
    eventually(async () => {
      const head = await fixture.store.head();
      const cursor = await projection.cursor(PROJECTOR);
      return head !== null && cursor !== null && fixture.store.compare(cursor, head) === 0;
    }, "projection catches up");

  beforeEach(async () => {
    fixture = new IngestFixture();
    await fixture.start();
    projection = new SqliteProjectionStore({ path: join(fixture.dataDir, "projection.db") });
    await projection.start();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
  });

  afterEach(async () => {
    await end();
    await projection.stop();
    await fixture.stop();
  });

  it("stores each attribute once, also when stopped and started while messages come", async () => {
    for (let round = 0; round < 5; round++) {
      begin();
      await Promise.all([1, 2, 3].map((n) => fixture.ingest("a/1", `{"n":${n},"round":${round}}`, "no")));
      await end();
    }
    begin();
    await caughtUp();
    const { items } = await projection.data({}, { limit: 1_000 });
    assert.equal(items.length, 5 * 3 * 2);
    assert.equal(new Set(items.map((item) => item.eventId)).size, items.length);
    assert.deepEqual(await projection.counts(), [{ flow: "A", action: "STORE_DB", done: 15, dead: 0, discarded: 0 }]);
  });

  it("announces a dead row in the log, once, and takes a retry and a discard from there", async () => {
    const long = "x".repeat(300);
    await fixture.ingest("a/1", `{"${long}":1,"ok":2}`);
    begin();
    const announced = async () => (await fixture.events("A")).filter((event) => event.type === "DeliveryDeadLettered");
    await eventually(async () => (await announced()).length === 1, "the dead row is announced");
    await caughtUp();
    const { items: letters } = await projection.deadLetters({}, { limit: 10 });
    assert.deepEqual(
      letters.map(({ kind, attribute, action }) => [kind, attribute, action]),
      [["row", long, "STORE_DB"]],
    );
    assert.deepEqual(await projection.counts(), [{ flow: "A", action: "STORE_DB", done: 0, dead: 1, discarded: 0 }]);

    // Starting again finds the letter again, and says nothing twice.
    await end();
    begin();
    await fixture.ingest("a/1", '{"ok":3}');
    await caughtUp();
    assert.equal((await announced()).length, 1);

    const [dead] = await announced();
    assert.equal(dead?.type, "DeliveryDeadLettered");
    const { reason: _reason, attempts: _attempts, ...data } = dead.data;
    const settle = (type: "DeliveryRetried" | "DeliveryDiscarded") =>
      fixture.store.append([
        {
          stream: dead.stream,
          expected: "any",
          events: [{ id: crypto.randomUUID(), type, schemaVersion: 1, data, metadata: {} }],
        },
      ]);
    await settle("DeliveryRetried");
    await eventually(async () => (await announced()).length === 2, "the row dies again");
    await settle("DeliveryDiscarded");
    await eventually(
      async () => (await projection.deadLetters({}, { limit: 10 })).items.length === 0,
      "the letter is gone",
    );
    assert.deepEqual(await projection.counts(), [{ flow: "A", action: "STORE_DB", done: 1, dead: 0, discarded: 1 }]);
  });

  it("keeps the flows table as the flows are", async () => {
    begin();
    await fixture.ingest("a/1", '{"ok":3}');
    await fixture.registry.execute("A", { kind: "disable" }, { actor: "test" });
    await caughtUp();
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(fixture.dataDir, "projection.db"), { readOnly: true });
    const rows = () =>
      database
        .prepare("SELECT code, topic, action, last_msg_id, enabled FROM flows")
        .all()
        .map((row) => ({ ...row }));
    assert.deepEqual(rows(), [{ code: "A", topic: "a/#", action: "STORE_DB", last_msg_id: 1, enabled: 0 }]);
    await fixture.registry.execute("A", { kind: "retire" }, { actor: "test" });
    await caughtUp();
    assert.deepEqual(rows(), []);
    database.close();
  });

  it("tells what came from the flows table, and goes on after another gateway's numbers", async () => {
    begin();
    await caughtUp();
    await end();
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(fixture.dataDir, "projection.db"), { timeout: 5_000 });
    const row = () => ({ ...database.prepare("SELECT topic, last_msg_id FROM flows WHERE code = 'A'").get() });
    const revise = (topic: string, actor: string) => {
      const before = fixture.registry.require("A").definition as FlowDefinition;
      return fixture.registry.execute("A", { kind: "revise", definition: { ...before, topic } }, { actor });
    };
    await revise("first", "table:flows");
    database.exec("UPDATE flows SET topic = 'second' WHERE code = 'A'");
    begin();
    await caughtUp();
    assert.equal(row().topic, "second");
    await end();
    await revise("third", "table:flows");
    await revise("fourth", "api:admin");
    begin();
    await caughtUp();
    assert.equal(row().topic, "fourth");

    await fixture.registry.execute("A", { kind: "retire" }, { actor: "test" });
    const definition = fixture.registry.definition("A") as FlowDefinition;
    const define = { kind: "define", definition, enabled: true, lastMessageNumber: 41 } as const;
    await fixture.registry.execute("A", define, { actor: "table:flows" });
    await caughtUp();
    assert.deepEqual(row(), { topic: "fourth", last_msg_id: 41 });
    database.close();
  });
});
