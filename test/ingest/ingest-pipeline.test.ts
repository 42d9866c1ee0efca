/** What the pipeline does when the log does not take an append. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FlowConflict } from "@sluice/app";
import {
  EventRejected,
  EventStoreUnavailable,
  type FlowState,
  trafficStream,
  WrongExpectedVersion,
} from "@sluice/domain";
import { IngestFixture } from "../support/ingest-fixture.ts";

const numbersOf = (events: readonly { type: string; data: object }[]): number[] =>
  events
    .filter((event) => event.type === "MessageReceived")
    .map((event) => (event.data as { messageNumber: number }).messageNumber);

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("ingest pipeline", () => {
  let fixture: IngestFixture;

  beforeEach(async () => {
    fixture = new IngestFixture();
    await fixture.start();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
  });

  afterEach(() => fixture.stop());

  it("keeps a batch until the log takes it, and its order with it", async () => {
    let failures = 3;
    fixture.intercept = async (batch, append) => {
      if (failures-- > 0) throw new EventStoreUnavailable("disk full");
      return await append(batch);
    };
    const order: number[] = [];
    const first = fixture.ingest("a/1", '{"n":1}').then(() => order.push(1));
    const second = fixture.ingest("a/1", '{"n":2}').then(() => order.push(2));
    const third = fixture.ingest("a/1", '{"n":3}').then(() => order.push(3));
    await Promise.all([first, second, third]);
    assert.deepEqual(order, [1, 2, 3]);
    assert.deepEqual(numbersOf(await fixture.events("A")), [1, 2, 3]);
    assert.equal(fixture.pipeline.status().failing, null);
  });

  it("says that it fails while it fails", async () => {
    let broken = true;
    fixture.intercept = async (batch, append) => {
      if (broken) throw new EventStoreUnavailable("disk full");
      return await append(batch);
    };
    const durable = fixture.ingest("a/1", '{"n":1}');
    while (fixture.pipeline.status().failing === null) await new Promise(setImmediate);
    assert.equal(fixture.pipeline.status().failing?.reason, "disk full");
    assert.equal(fixture.pipeline.status().uncommitted, 1);
    broken = false;
    await durable;
    assert.equal(fixture.pipeline.status().uncommitted, 0);
  });

  it("stores once what was committed although the answer was an error", async () => {
    let lost = 2;
    fixture.intercept = async (batch, append) => {
      const result = await append(batch);
      if (lost-- > 0) throw new EventStoreUnavailable("connection lost after the commit");
      return result;
    };
    await fixture.ingest("a/1", '{"n":1}', '{"n":2}');
    await fixture.ingest("a/1", '{"n":3}');
    assert.deepEqual(numbersOf(await fixture.events("A")), [1, 2, 3]);
  });

  it("decides again when someone else wrote to the flow's traffic", async () => {
    await fixture.ingest("a/1", '{"n":1}');
    const [received] = await fixture.events("A");
    assert.equal(received?.type, "MessageReceived");
    // Another gateway takes the next number before our batch gets there.
    let intruded = false;
    fixture.intercept = async (batch, append) => {
      if (!intruded) {
        intruded = true;
        const event = { ...received, id: crypto.randomUUID(), data: { ...received.data, messageNumber: 2 } };
        await append([{ stream: received.stream, expected: "any", events: [event as never] }]);
      }
      return await append(batch);
    };
    await Promise.all([fixture.ingest("a/1", '{"n":2}'), fixture.ingest("a/1", '{"n":3}')]);
    assert.deepEqual(numbersOf(await fixture.events("A")), [1, 2, 3, 4]);
    assert.equal(fixture.registry.get("A")?.counters.received, 4);
  });

  it("does not overwrite what someone else did to a flow, and knows of it from then on", async () => {
    const [defined] = (await fixture.store.readAll({ limit: 1, filter: { stream: "flow-A" } })).events;
    assert.equal(defined?.type, "FlowDefined");
    const event = { ...defined, id: crypto.randomUUID(), type: "FlowDisabled", data: { flow: "A" } } as const;
    await fixture.store.append([{ stream: "flow-A", expected: 1, events: [event] }]);
    await assert.rejects(fixture.registry.execute("A", { kind: "disable" }, { actor: "test" }), FlowConflict);
    assert.equal(fixture.registry.get("A")?.status, "disabled");
    await fixture.registry.execute("A", { kind: "enable" }, { actor: "test" });
    assert.equal(fixture.registry.get("A")?.version, 3);
  });

  it("keeps its state while flows are edited at once and messages come in", async () => {
    await fixture.define({ code: "B", topic: "b/#", actions: [{ type: "STORE_DB" }] });
    for (let round = 0; round < 5; round++) {
      const edits = Array.from({ length: 6 }, (_, index) =>
        fixture.registry.execute("A", { kind: index % 2 === 0 ? "disable" : "enable" }, { actor: "test" }),
      );
      const messages = [1, 2, 3, 4].map((n) => fixture.ingest("b/1", `{"n":${n}}`, '{"n":0}'));
      // Another gateway edits the same flow meanwhile.
      const [last] = await fixture.store.readStream("flow-A", { limit: 1, direction: "backwards" });
      const intruder = { ...last, id: crypto.randomUUID(), type: "FlowDisabled", data: { flow: "A" } } as const;
      await fixture.store.append([{ stream: "flow-A", expected: "any", events: [intruder as never] }]);
      await Promise.allSettled([...edits, ...messages]);
    }
    const lived = fixture.registry.get("B");
    assert.equal(lived?.lastMessageNumber, 40);
    await fixture.registry.load({ thorough: true });
    assert.deepEqual(fixture.registry.get("B"), lived);
    assert.deepEqual(numbersOf(await fixture.events("B")), upTo(40));
  });

  for (const [name, version] of [
    ["behind", 2],
    ["ahead", 9],
  ] as const) {
    it(`gets over a snapshot that is ${name} of what its position says`, async () => {
      await fixture.ingest("a/1", '{"n":1}', '{"n":2}');
      const head = (await fixture.store.head()) as string;
      const stale = { ...fixture.registry.get("A"), lastMessageNumber: 1 } as FlowState;
      const traffic = { stream: stale.traffic?.stream as string, version };
      const state = { flows: [{ ...stale, traffic }], retained: [] };
      await fixture.snapshots.save("flows", { position: head, schemaVersion: 2, state });
      await fixture.registry.load();
      assert.equal(fixture.registry.get("A")?.lastMessageNumber, 1);
      await fixture.ingest("a/1", '{"n":3}');
      assert.deepEqual(numbersOf(await fixture.events("A")), [1, 2, 3]);
    });
  }

  it("says that it fails when the log keeps refusing and shows nothing new", async () => {
    let broken = true;
    fixture.intercept = async (batch, append) => {
      const [first] = batch;
      if (broken && first) throw new WrongExpectedVersion(first.stream, first.expected, 99);
      return append(batch);
    };
    const durable = fixture.ingest("a/1", '{"n":1}');
    while (fixture.pipeline.status().failing === null) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(fixture.pipeline.status().failing?.reason ?? "", /contradicts itself/);
    broken = false;
    await durable;
    while (fixture.pipeline.status().failing !== null) await new Promise(setImmediate);
    assert.deepEqual(numbersOf(await fixture.events("A")), [1]);
  });

  it("isolates a message that the log refuses, and keeps the rest", async () => {
    fixture.intercept = (batch, append) => {
      const tooLarge = batch.some(({ events }) => events.some((event) => JSON.stringify(event).length > 20_000));
      if (tooLarge) throw new EventRejected("larger than the server takes");
      return append(batch);
    };
    const large = `{"n":"${"x".repeat(30_000)}"}`;
    const receipt = await fixture.ingest("a/1", '{"n":1}', '{"n":2}', large, '{"n":4}');
    assert.equal(receipt.messageIds.length, 4);
    const events = await fixture.events("A");
    assert.deepEqual(numbersOf(events), upTo(4));
    const failed = events.filter((event) => event.type === "ValidationFailed");
    assert.equal(failed.length, 1);
    assert.match(failed[0]?.data.errors[0]?.message ?? "", /larger than the server takes/);
    const cut = events.find((event) => event.type === "MessageReceived" && event.data.payloadSize !== undefined);
    assert.equal(cut?.type === "MessageReceived" && cut.data.payloadSize, large.length);
  });

  it("numbers many concurrent batches without a gap", async () => {
    let random = 1;
    fixture.intercept = (batch, append) => {
      random = (random * 48_271) % 2_147_483_647;
      if (random % 5 === 0) throw new EventStoreUnavailable("now and then");
      return append(batch);
    };
    await Promise.all(upTo(100).map((n) => fixture.ingest(`a/${n % 7}`, `{"n":${n}}`, "not json")));
    assert.deepEqual(numbersOf(await fixture.events("A")), upTo(200));
    assert.deepEqual(fixture.registry.get("A")?.counters, {
      received: 200,
      accepted: 100,
      rejected: 100,
      flagged: 0,
      breached: 0,
      skipped: 0,
    });
  });

  it("reaches the same state by a replay as by living through it", async () => {
    await fixture.ingest("a/1", '{"n":1}', "nope", '{"n":2}');
    const lived = fixture.registry.get("A");
    await fixture.registry.saveSnapshot();
    await fixture.ingest("a/1", '{"n":3}');
    const livedOn = fixture.registry.get("A");
    await fixture.registry.load();
    assert.deepEqual(fixture.registry.get("A"), livedOn);
    assert.notDeepEqual(lived, livedOn);
    assert.equal(livedOn?.traffic?.stream.startsWith(trafficStream("A", "")), true);
  });

  it("records a payload that is too large as rejected, with its size and its first bytes", async () => {
    await fixture.ingest("a/1", `"${"x".repeat(1_200_000)}"`);
    const [received, failed] = await fixture.events("A");
    assert.equal(received?.type, "MessageReceived");
    assert.equal(received.data.payloadSize, 1_200_002);
    assert.equal(received.data.payload.data.length, 1_000_000);
    assert.equal(failed?.type === "ValidationFailed" && failed.data.errors[0]?.keyword, "size");
  });

  it("acknowledges and counts what no flow matches, without an event", async () => {
    const receipt = await fixture.ingest("b/1", '{"n":1}');
    assert.deepEqual(receipt.messageIds, [null]);
    assert.equal(fixture.pipeline.status().unrouted, 1);
  });
});
