/** Conformance: the broker's subscriptions are the list. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageSource, Subscription } from "@sluice/domain";
import type { MqttClient } from "mqtt";
import type { SourceCapabilities } from "./message-source-adapters.ts";
import { Consumer, connected, type MessageSourceDefinition, quiet, ready, until } from "./message-source-support.ts";

const list = (...filters: readonly string[]): Subscription[] => filters.map((filter) => ({ filter, qos: 1 }));

/** What a message may take on its way while one that was published later has come. */
const OVERTAKEN_MS = 100;

/** Publishes to each topic in turn, then to `done`, and gives the topics that arrived before it. */
const arriving = async (
  consumer: Consumer,
  publisher: MqttClient,
  topics: readonly string[],
  { ordersFilters }: SourceCapabilities,
): Promise<readonly string[]> => {
  const from = consumer.messages.length;
  for (const topic of [...topics, "done"]) await publisher.publishAsync(topic, "x", { qos: 1 });
  const arrived = () => consumer.messages.slice(from).map(({ topic }) => topic);
  await until("done", () => arrived().includes("done"));
  if (ordersFilters) return arrived().filter((topic) => topic !== "done");
  await delay(OVERTAKEN_MS);
  const order = (topic: string): number => topics.indexOf(topic);
  return arrived()
    .filter((topic) => topic !== "done")
    .sort((one, other) => order(one) - order(other));
};

const consume = async (source: MessageSource, ...filters: readonly string[]): Promise<Consumer> => {
  await ready(source, ["done", ...filters], 1);
  return new Consumer(source);
};

export const subscriptionDefinitions: readonly MessageSourceDefinition[] = [
  {
    name: "follows the list while connected",
    async run({ capabilities, open, device }) {
      const source = open();
      const consumer = await consume(source, "a", "b");
      const publisher = await device();
      assert.deepEqual(await arriving(consumer, publisher, ["a", "b", "c"], capabilities), ["a", "b"]);
      await source.subscribe(list("done", "b", "c"));
      assert.equal(source.status().subscriptions, 3);
      assert.deepEqual(await arriving(consumer, publisher, ["a", "b", "c"], capabilities), ["b", "c"]);
      await source.subscribe(list("done"));
      assert.deepEqual(await arriving(consumer, publisher, ["a", "b", "c"], capabilities), []);
      assert.equal(source.status().subscriptions, 1);
    },
  },
  {
    name: "takes the higher QoS of a filter that is there twice, and follows a change of it",
    async run({ capabilities, open, device }) {
      const highest = capabilities.exactlyOnce ? 2 : 1;
      const source = open();
      await ready(source, ["a"], 0);
      const consumer = new Consumer(source);
      const publisher = await device();
      const qosNow = async () => {
        const count = consumer.messages.length;
        await publisher.publishAsync("a", "x", { qos: highest });
        await consumer.received(count + 1);
        return consumer.messages[count]?.qos;
      };
      assert.equal(await qosNow(), 0);
      await source.subscribe([
        { filter: "a", qos: highest },
        { filter: "a", qos: 0 },
      ]);
      assert.equal(source.status().subscriptions, 1);
      assert.equal(await qosNow(), highest);
      await source.subscribe([{ filter: "a", qos: 0 }]);
      assert.equal(await qosNow(), 0);
    },
  },
  {
    name: "takes many filters, and lets many go",
    async run({ capabilities, open, device }) {
      const source = open();
      const filters = Array.from({ length: 1_050 }, (_, index) => `many/${index}`);
      const consumer = await consume(source, ...filters);
      const publisher = await device();
      assert.deepEqual(await arriving(consumer, publisher, ["many/0", "many/500", "many/1049"], capabilities), [
        "many/0",
        "many/500",
        "many/1049",
      ]);
      await source.subscribe(list("done", "many/500"));
      assert.equal(source.status().subscriptions, 2);
      assert.deepEqual(await arriving(consumer, publisher, ["many/0", "many/500", "many/1049"], capabilities), [
        "many/500",
      ]);
    },
  },
  {
    name: "says which filters cannot be subscribed, and subscribes the others",
    async run({ capabilities, open, device }) {
      const source = open();
      const consumer = await consume(source, "good", "bad/#/filter", "");
      const publisher = await device();
      assert.deepEqual([...source.status().refused.keys()].sort(), ["", "bad/#/filter"]);
      assert.equal(source.status().subscriptions, 2);
      assert.deepEqual(await arriving(consumer, publisher, ["good"], capabilities), ["good"]);
      await source.subscribe(list("done", "good"));
      assert.equal(source.status().refused.size, 0);
    },
  },
  {
    name: "tells of a filter that the broker refuses",
    needs: "refusals",
    async run({ capabilities, open, device }) {
      const source = open();
      const consumer = await consume(source, "good", "forbidden/#");
      const publisher = await device();
      assert.deepEqual([...source.status().refused.keys()], ["forbidden/#"]);
      assert.match(source.status().refused.get("forbidden/#") ?? "", /refused|not authorized/);
      assert.equal(source.status().subscriptions, 2);
      assert.deepEqual(await arriving(consumer, publisher, ["forbidden/a", "good"], capabilities), ["good"]);
    },
  },
  {
    name: "takes shared filters",
    async run({ capabilities, open, device }) {
      const source = open();
      const consumer = await consume(source, "$share/group/shared/+");
      const publisher = await device();
      assert.deepEqual(await arriving(consumer, publisher, ["shared/a", "shared/b"], capabilities), [
        "shared/a",
        "shared/b",
      ]);
      await source.subscribe(list("done"));
      assert.deepEqual(await arriving(consumer, publisher, ["shared/a"], capabilities), []);
    },
  },
  {
    name: "does not repeat retained messages of filters that stay",
    async run({ open, device }) {
      const source = open();
      const consumer = await consume(source, "state/a");
      const publisher = await device();
      await publisher.publishAsync("state/a", "x", { qos: 1, retain: true });
      await consumer.received(1);
      await source.subscribe(list("done", "state/a", "more"));
      await quiet(consumer, 1);
    },
  },
  {
    name: "follows a list that changed while offline",
    needs: "remote",
    async run({ capabilities, open, device, link }) {
      const source = open();
      const consumer = await consume(source, "a", "b");
      const publisher = await device();
      link.interrupt();
      await until("disconnected", () => !source.status().connected);
      await source.subscribe(list("done", "b", "c"));
      link.restore();
      await connected(source);
      await source.subscribe(list("done", "b", "c"));
      assert.equal(source.status().subscriptions, 3);
      assert.deepEqual(await arriving(consumer, publisher, ["a", "b", "c"], capabilities), ["b", "c"]);
    },
  },
  {
    name: "lets go, after a restart, what it remembers and nobody wants any more",
    needs: "remote",
    async run({ capabilities, open, device }) {
      let remembered: readonly string[] = [];
      const memory = {
        load: async () => remembered,
        save: async (filters: readonly string[]) => {
          remembered = filters;
        },
      };
      const first = open({ memory });
      await consume(first, "a", "b");
      await first.stop();
      assert.deepEqual(remembered, ["a", "b", "done"]);
      const second = open({ memory });
      const consumer = await consume(second, "b");
      const publisher = await device();
      assert.deepEqual(await arriving(consumer, publisher, ["a", "b"], capabilities), ["b"]);
      assert.deepEqual(remembered, ["b", "done"]);
    },
  },
  {
    name: "goes on without a memory that fails",
    needs: "remote",
    async run({ capabilities, open, device }) {
      const memory = {
        load: () => Promise.reject(new Error("the memory is gone")),
        save: () => Promise.reject(new Error("the memory is full")),
      };
      const source = open({ memory });
      const consumer = await consume(source, "a");
      assert.match(source.status().lastError ?? "", /the memory is full/);
      assert.deepEqual(await arriving(consumer, await device(), ["a"], capabilities), ["a"]);
    },
  },
];
