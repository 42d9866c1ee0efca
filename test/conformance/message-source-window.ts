/** Conformance: a consumer that does not keep up. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "../support/load-publisher.ts";
import { Consumer, type MessageSourceDefinition, ready, until } from "./message-source-support.ts";

const COUNT = 50_000;
const WINDOW = 100;
/** Far less than the messages that wait at the broker would take. */
const MEMORY_BYTES = 30 * 1024 * 1024;

const memoryNow = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const idsOf = (texts: readonly string[]): Set<number> => new Set(texts.map((text) => JSON.parse(text).id as number));

export const windowDefinitions: readonly MessageSourceDefinition[] = [
  {
    name: "reads no more than its window while nothing is acknowledged, and everything in the end",
    async run({ capabilities, open, deviceUrl }) {
      const source = open({ windowMessages: WINDOW });
      await ready(source, ["load/#"], 1);
      const consumer = new Consumer(source, false);
      const payload = `{"id":{id},"padding":"${"x".repeat(2_000)}"}`;
      const before = memoryNow();
      const load = startLoad({ url: deviceUrl(), count: COUNT, connections: 10, payload });
      await until("the window is full", () => source.status().unacknowledged >= WINDOW);
      await delay(500);
      assert.equal(source.status().unacknowledged, WINDOW);
      assert.equal(consumer.messages.length, WINDOW);
      const grown = memoryNow() - before;
      if (capabilities.memoryIsItsOwn) assert.ok(grown < MEMORY_BYTES, `${grown} bytes more`);
      consumer.acknowledgeAll();
      await consumer.received(COUNT, 60_000);
      const result = await load.result;
      assert.equal(result.acknowledged, COUNT);
      assert.equal(idsOf(consumer.texts).size, COUNT);
      await until("all acknowledged", () => source.status().unacknowledged === 0);
    },
  },
  {
    name: "counts bytes as well",
    async run({ open, device }) {
      const source = open({ windowBytes: 20_000 });
      await ready(source, ["a", "b"], 1);
      const consumer = new Consumer(source, false);
      const publisher = await device();
      const published = Promise.all(
        Array.from({ length: 50 }, () => publisher.publishAsync("a", Buffer.alloc(1_000), { qos: 1 })),
      );
      await until("the window is full", () => source.status().unacknowledged >= 15);
      await delay(100);
      assert.ok(source.status().unacknowledged <= 20, `${source.status().unacknowledged} messages`);
      consumer.acknowledgeAll();
      await consumer.received(50);
      await published;
    },
  },
  {
    name: "gives a batch at once, and a burst in few",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["a", "b"], 1);
      const consumer = new Consumer(source);
      const publisher = await device();
      const started = performance.now();
      for (let round = 1; round <= 50; round++) {
        await publisher.publishAsync("a", "x", { qos: 1 });
        await consumer.received(round);
      }
      const each = (performance.now() - started) / 50;
      assert.ok(each < 50, `${each} ms for a message alone`);
      const before = consumer.batches.length;
      await Promise.all(Array.from({ length: 5_000 }, () => publisher.publishAsync("b", "x", { qos: 1 })));
      await consumer.received(5_050);
      const batches = consumer.batches.slice(before);
      assert.ok(batches.length < 2_500, `${batches.length} batches`);
      assert.ok(
        batches.every(({ messages }) => messages.length <= 1_000),
        "no batch is larger than the maximum",
      );
    },
  },
];
