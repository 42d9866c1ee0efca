/** Conformance: what arrives is what was published. */
import assert from "node:assert/strict";
import { Consumer, type MessageSourceDefinition, quiet, ready, until } from "./message-source-support.ts";

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

export const deliveryDefinitions: readonly MessageSourceDefinition[] = [
  {
    name: "delivers QoS 0, 1 and 2 byte for byte",
    async run({ capabilities, open, device }) {
      const source = open();
      await ready(source, ["sensors/+/data"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      const before = Date.now();
      for (const qos of capabilities.exactlyOnce ? ([0, 1, 2] as const) : ([0, 1] as const)) {
        await publisher.publishAsync(`sensors/${qos}/data`, allBytes, { qos });
        await consumer.received(qos + 1);
      }
      for (const [qos, message] of consumer.messages.entries()) {
        const { topic, payload, retain, dup, receivedAt } = message;
        assert.equal(topic, `sensors/${qos}/data`);
        assert.deepEqual(Buffer.from(payload), allBytes);
        assert.deepEqual({ qos: message.qos, retain, dup }, { qos, retain: false, dup: false });
        assert.ok(receivedAt >= before && receivedAt <= Date.now(), "received now");
      }
      await until("all acknowledged", () => source.status().unacknowledged === 0);
    },
  },
  {
    name: "delivers an empty payload and one of a megabyte",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["+"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      const large = Buffer.alloc(1024 * 1024, "0123456789abcdef");
      await publisher.publishAsync("empty", "", { qos: 1 });
      await publisher.publishAsync("large", large, { qos: 1 });
      const [first, second] = await consumer.received(2);
      assert.equal(first?.payload.length, 0);
      assert.ok(large.equals(second?.payload ?? Buffer.alloc(0)));
    },
  },
  {
    name: "delivers topics of any characters",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["#"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      const topics = ["/", "//a//", "Größe/温度/🌡", " leading/space", "__proto__/constructor", "a".repeat(1_000)];
      for (const topic of topics) await publisher.publishAsync(topic, "x", { qos: 1 });
      await consumer.received(topics.length);
      assert.deepEqual(
        consumer.messages.map(({ topic }) => topic),
        topics,
      );
    },
  },
  {
    name: "gives a message the QoS of the subscription at the most",
    async run({ capabilities, open, device }) {
      const source = open();
      await source.subscribe([
        { filter: "zero/#", qos: 0 },
        { filter: "one/#", qos: 1 },
      ]);
      await source.start();
      await until("subscribed", () => source.status().connected && source.status().subscriptions === 2);
      const consumer = new Consumer(source);
      const publisher = await device();
      const qos = capabilities.exactlyOnce ? 2 : 1;
      await publisher.publishAsync("zero/a", "", { qos });
      await publisher.publishAsync("one/a", "", { qos });
      await consumer.received(2);
      assert.deepEqual(Object.fromEntries(consumer.messages.map(({ topic, qos }) => [topic, qos])), {
        "zero/a": 0,
        "one/a": 1,
      });
    },
  },
  {
    name: "keeps the order of a publisher",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["ordered"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      const texts = Array.from({ length: 2_000 }, (_, index) => `${index}`);
      await Promise.all(texts.map((text) => publisher.publishAsync("ordered", text, { qos: 1 })));
      await consumer.received(texts.length);
      assert.deepEqual(consumer.texts, texts);
    },
  },
  {
    name: "passes on the properties of MQTT 5",
    needs: "properties",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["#"]);
      const consumer = new Consumer(source);
      const publisher = await device({ protocolVersion: 5 });
      const properties = {
        payloadFormatIndicator: true,
        contentType: "application/json",
        responseTopic: "answers/here",
        userProperties: { unit: "°C", trace: ["1", "2"] },
      };
      await publisher.publishAsync("a", "{}", {
        qos: 1,
        properties: { ...properties, messageExpiryInterval: 600, correlationData: Buffer.from("id-1") },
      });
      await publisher.publishAsync("b", "", { qos: 1, properties: { correlationData: Buffer.from([0xff, 0]) } });
      await publisher.publishAsync("c", "", { qos: 1 });
      const [first, second, third] = await consumer.received(3);
      assert.deepEqual(first?.properties, {
        ...properties,
        messageExpiryInterval: 600,
        correlationData: { encoding: "utf8", data: "id-1" },
        userProperties: [
          ["unit", "°C"],
          ["trace", "1"],
          ["trace", "2"],
        ],
      });
      assert.deepEqual(second?.properties, { correlationData: { encoding: "base64", data: "/wA=" } });
      assert.ok(third && !("properties" in third));
    },
  },
  {
    name: "marks what the broker had retained, and only that",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["other"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      await publisher.publishAsync("state/a", "old", { qos: 1, retain: true });
      await publisher.publishAsync("elsewhere", "old", { qos: 1, retain: true });
      await source.subscribe([
        { filter: "other", qos: 1 },
        { filter: "state/#", qos: 1 },
      ]);
      await consumer.received(1);
      await publisher.publishAsync("state/a", "new", { qos: 1, retain: true });
      await consumer.received(2);
      assert.deepEqual(
        consumer.messages.map(({ topic, retain }) => [topic, retain]),
        [
          ["state/a", true],
          ["state/a", false],
        ],
      );
      assert.deepEqual(consumer.texts, ["old", "new"]);
    },
  },
  {
    name: "delivers a message once where filters overlap",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["a/+", "a/#", "+/b"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      await publisher.publishAsync("a/b", "x", { qos: 1 });
      await consumer.received(1);
      await quiet(consumer, 1);
    },
  },
  {
    name: "leaves the broker's own messages out of #",
    async run({ open, device }) {
      const source = open();
      await ready(source, ["#"]);
      const consumer = new Consumer(source);
      const publisher = await device();
      await publisher.publishAsync("mine", "x", { qos: 1 });
      await consumer.received(1);
      await quiet(consumer, 1);
    },
  },
];
