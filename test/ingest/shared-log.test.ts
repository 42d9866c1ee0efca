/** Several pipelines on one log, as several gateways have it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FlowFollower } from "@sluice/app";
import { flowStream, WrongExpectedVersion } from "@sluice/domain";
import { pino } from "pino";
import { IngestFixture, messageOf } from "../support/ingest-fixture.ts";

const SHARED = { capabilities: { sharedLog: true } } as const;
const DAY_MS = 86_400_000;

const numbersOf = (events: readonly { type: string; data: object }[]): number[] =>
  events
    .filter((event) => event.type === "MessageReceived")
    .map((event) => (event.data as { messageNumber: number }).messageNumber);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("pipelines on a shared log", () => {
  let one: IngestFixture;
  let two: IngestFixture;

  beforeEach(async () => {
    one = new IngestFixture(SHARED);
    await one.start();
    await one.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    await one.define({ code: "B", topic: "+/b", actions: [{ type: "STORE_DB" }] });
    two = new IngestFixture({ ...SHARED, dataDir: one.dataDir });
    await two.start();
  });

  afterEach(async () => {
    await two.stop();
    await one.stop();
  });

  it("number a flow's messages without a gap and without a repeat", async () => {
    const rounds = Array.from({ length: 40 }, (_, n) => n);
    await Promise.all(
      [one, two].flatMap((gateway) =>
        rounds.map((n) => gateway.ingest(n % 3 === 0 ? "a/b" : "a/x", `{"n":${n}}`, "{}")),
      ),
    );
    assert.deepEqual(numbersOf(await one.events("A")), upTo(160));
    assert.deepEqual(numbersOf(await one.events("B")), upTo(56));
    await one.registry.saveSnapshot();
    await two.registry.load({ thorough: true });
    await one.registry.load();
    for (const code of ["A", "B"]) assert.deepEqual(one.registry.get(code), two.registry.get(code));
    assert.equal(one.registry.get("A")?.counters.received, 160);
  });

  it("number on across the end of a day, whose clock ever is late", async () => {
    const today = Date.now();
    const at = (gateway: IngestFixture, receivedAt: number) =>
      gateway.pipeline.ingest([{ ...messageOf("a/1", '{"n":1}'), receivedAt }], { source: "mqtt", broker: "default" });
    await at(one, today);
    await at(two, today + DAY_MS);
    await at(one, today);
    await at(two, today + DAY_MS);
    await at(one, today + 2 * DAY_MS);
    await Promise.all([at(one, today), at(two, today + DAY_MS)]);
    const events = await one.events("A");
    assert.deepEqual(numbersOf(events), upTo(7));
    const streams = [...new Set(events.map(({ stream }) => stream))];
    assert.equal(streams.length, 3);
    const continued = events.filter((event) => event.type === "TrafficContinued");
    assert.deepEqual(
      continued.map(({ stream, data }) => [stream, "next" in data ? data.next : null]),
      [
        [streams[0], streams[1]],
        [streams[1], streams[2]],
      ],
    );
    await two.registry.load({ thorough: true });
    assert.equal(two.registry.get("A")?.lastMessageNumber, 7);
  });

  it("begin a flow's first bucket once, though their clocks differ by a day", async () => {
    const today = Date.now();
    await one.define({ code: "NEW", topic: "new", actions: [{ type: "STORE_DB" }] });
    await two.registry.load();
    const at = (gateway: IngestFixture, receivedAt: number) =>
      gateway.pipeline.ingest([{ ...messageOf("new", '{"n":1}'), receivedAt }], { source: "mqtt", broker: "default" });
    await Promise.all([at(one, today), at(two, today + DAY_MS)]);
    assert.deepEqual(numbersOf(await one.events("NEW")), [1, 2]);
  });

  it("skip a retained message that the other has recorded", async () => {
    const retained = { ...messageOf("a/1", '{"n":1}'), retain: true };
    const origin = { source: "mqtt", broker: "default" } as const;
    await one.pipeline.ingest([retained], origin);
    await two.pipeline.ingest([messageOf("a/1", '{"n":2}')], origin);
    await two.pipeline.ingest([retained], origin);
    assert.deepEqual(numbersOf(await one.events("A")), [1, 2]);
    assert.equal(two.registry.get("A")?.counters.skipped, 1);
  });

  it("follow what the other does to flows", async () => {
    const follower = new FlowFollower({ store: two.log, registry: two.registry, log: pino({ level: "silent" }) });
    follower.start();
    const changed = new Promise<readonly string[]>((resolve) => two.registry.onChange(resolve));
    await one.registry.execute("A", { kind: "disable" }, { actor: "test" });
    assert.deepEqual(await changed, ["A"]);
    assert.deepEqual(two.registry.match("a/x"), []);
    await one.ingest("a/b", "{}");
    await two.registry.execute("A", { kind: "enable" }, { actor: "test" });
    await two.ingest("a/b", "{}");
    assert.deepEqual(numbersOf(await one.events("A")), [1]);
    assert.deepEqual(numbersOf(await one.events("B")), [1, 2]);
    assert.equal((await one.store.readStream(flowStream("A"), { limit: 10 })).length, 3);
    await follower.stop();
  });
});

describe("a pipeline on a store that commits stream by stream", () => {
  let fixture: IngestFixture;

  beforeEach(async () => {
    fixture = new IngestFixture({ capabilities: { atomicMultiStream: false } });
    await fixture.start();
    for (const code of ["A", "B", "C"]) await fixture.define({ code, topic: "t/#", actions: [{ type: "STORE_DB" }] });
  });

  afterEach(() => fixture.stop());

  it("appends one stream at a time, and decides only the rest again", async () => {
    await fixture.ingest("t/1", '{"n":1}');
    const [received] = await fixture.events("B");
    assert.ok(received);
    let intruded = false;
    fixture.intercept = async (batch, append) => {
      assert.equal(batch.length, 1);
      if (!intruded && batch[0]?.stream === received.stream) {
        intruded = true;
        const data = { ...received.data, messageNumber: 2 };
        await append([
          {
            stream: received.stream,
            expected: "any",
            events: [{ ...received, id: crypto.randomUUID(), data } as never],
          },
        ]);
        await assert.rejects(append(batch), WrongExpectedVersion);
      }
      return append(batch);
    };
    await Promise.all([fixture.ingest("t/1", '{"n":2}', '{"n":3}'), fixture.ingest("t/1", '{"n":4}')]);
    assert.deepEqual(numbersOf(await fixture.events("A")), [1, 2, 3, 4]);
    assert.deepEqual(numbersOf(await fixture.events("B")), [1, 2, 3, 4, 5]);
    assert.deepEqual(numbersOf(await fixture.events("C")), [1, 2, 3, 4]);
    await fixture.registry.load({ thorough: true });
    assert.equal(fixture.registry.get("B")?.lastMessageNumber, 5);
  });
});
