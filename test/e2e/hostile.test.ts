/**
 * 100,000 random and hostile payloads and topics through a whole gateway: no crash, no stall, each accounted for.
 *
 * Seeded: a failure names the seed, and SLUICE_SEED repeats it.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import mqtt from "mqtt";
import { auditFlow } from "../support/audit.ts";
import { assertConservation } from "../support/conservation.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { hostilePayloads } from "../support/hostile-payloads.ts";
import { hostileTopics } from "../support/hostile-topics.ts";

const COUNT = 100_000;
const WINDOW = 1_000;
const LARGE = 64 * 1024;

const utf8 = new TextEncoder();

const json = fc.json({ maxDepth: 4, noUnicodeString: false }).map((text) => utf8.encode(text));
const readings = fc
  .record(
    { temperature: fc.oneof(fc.double(), fc.string(), fc.constant(null)), humidity: fc.integer() },
    { requiredKeys: [] },
  )
  .map((value) => utf8.encode(JSON.stringify(value)));
const truncated = readings.chain((bytes) => fc.nat(bytes.length).map((end) => bytes.subarray(0, end)));
const bytes = fc.uint8Array({ maxLength: 300 });
const corpus = fc.constantFrom(
  ...hostilePayloads.filter(({ bytes }) => bytes.byteLength <= LARGE).map(({ bytes }) => bytes),
);
const payloads = fc.oneof(
  { weight: 4, arbitrary: readings },
  { weight: 3, arbitrary: bytes },
  { weight: 2, arbitrary: json },
  { weight: 2, arbitrary: truncated },
  { weight: 1, arbitrary: corpus },
);

const level = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .filter((text) => !/[+#/\p{Cc}\p{Cn}]/u.test(text) && text.isWellFormed());
const topics = fc.array(level, { minLength: 1, maxLength: 8 }).map((levels) => `hostile/${levels.join("/")}`);

/** Values from a generator without its shrinking trees: 100,000 at 20 µs or so. */
const stream = <T>(arbitrary: fc.Arbitrary<T>, seed: number): (() => T) => {
  let chunk: T[] = [];
  let next = seed;
  return () => {
    if (chunk.length === 0) chunk = fc.sample(arbitrary, { numRuns: 1_000, seed: next++ });
    return chunk.pop() as T;
  };
};

describe("hostile devices", () => {
  it("100,000 random payloads and topics are each accounted for", async (t) => {
    const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 2 ** 31);
    t.diagnostic(`SLUICE_SEED=${seed}`);
    const gateway = new GatewayProcess();
    t.after(() => gateway.dispose());
    await gateway.start();
    await gateway.define({
      code: "HOSTILE",
      topic: "hostile/#",
      payloadSchema: { temperature: "float", humidity: "int" },
      payload: { timestamp: "/time" },
      thresholds: [{ attribute: "temperature", max: 1_000 }],
      actions: [{ type: "STORE_DB" }],
    });
    const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
    t.after(() => device.endAsync(true));

    const nextPayload = stream(payloads, seed);
    const nextTopic = stream(topics, seed);
    const running = new Set<Promise<unknown>>();
    let published = 0;
    const publish = async (topic: string, payload: Uint8Array) => {
      const sent = device.publishAsync(topic, Buffer.from(payload), { qos: (published % 10 === 0 ? 2 : 1) as 1 | 2 });
      running.add(sent);
      void sent.finally(() => running.delete(sent));
      published += 1;
      if (running.size >= WINDOW) await Promise.race(running);
    };
    for (const { bytes } of hostilePayloads) await publish("hostile/corpus", bytes);
    const portable = hostileTopics.filter(
      ({ valid, portable, topic }) => valid && portable && topic.startsWith("hostile/"),
    );
    for (const { topic } of portable) await publish(topic, utf8.encode('{"temperature":1,"humidity":2}'));
    while (published < COUNT) await publish(nextTopic(), nextPayload());
    await Promise.all(running);

    assert.equal((await gateway.api("/health/live")).status, 200);
    await gateway.caughtUp(120_000);
    const audit = auditFlow(gateway.dataDir, "HOSTILE");
    assert.equal(audit.received, COUNT);
    assert.ok(audit.rejected > COUNT / 10 && audit.rejected < COUNT, `${audit.rejected} rejected`);
    await assertConservation(gateway);
  });
});
