/** Conformance: what is acknowledged, when, in which order, and what happens when the connection goes meanwhile. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { Consumer, connected, type MessageSourceDefinition, quiet, ready, until } from "./message-source-support.ts";

const PUBACK = 4;
const PUBREC = 5;

export const acknowledgementDefinitions: readonly MessageSourceDefinition[] = [
  {
    name: "acknowledges nothing before ack(), everything after it",
    async run({ capabilities, open, device, acknowledgements }) {
      const source = open();
      await ready(source, ["a"]);
      const consumer = new Consumer(source, false);
      const publisher = await device();
      const second = capabilities.exactlyOnce ? 2 : 1;
      const published = ([1, second] as const).map((qos, index) => publisher.publishAsync("a", `${index}`, { qos }));
      await consumer.received(2);
      await delay(150);
      assert.deepEqual(acknowledgements(), []);
      assert.equal(source.status().unacknowledged, 2);
      consumer.acknowledgeAll();
      assert.equal(source.status().unacknowledged, 0);
      await until("both acknowledged", () => acknowledgements().length === 2);
      assert.deepEqual(
        acknowledgements()
          .map(({ type }) => type)
          .sort(),
        [PUBACK, capabilities.exactlyOnce ? PUBREC : PUBACK],
      );
      await Promise.all(published);
    },
  },
  {
    name: "acknowledges in receive order though the batches are acknowledged backwards",
    async run({ open, device, acknowledgements }) {
      const source = open({ maximumBatch: 1 });
      await ready(source, ["a"]);
      const consumer = new Consumer(source, false);
      const publisher = await device();
      const published = Promise.all(
        Array.from({ length: 20 }, (_, index) => publisher.publishAsync("a", `${index}`, { qos: 1 })),
      );
      await consumer.received(20);
      const [first, ...others] = consumer.batches;
      for (const batch of others.reverse()) batch.ack();
      await delay(100);
      assert.deepEqual(acknowledgements(), [], "all wait for the first");
      first?.ack();
      await until("all acknowledged", () => acknowledgements().length === 20);
      const order = acknowledgements().map(({ packetId }) => packetId);
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
        "packet identifiers were given in order",
      );
      await published;
    },
  },
  {
    name: "acknowledging twice is harmless",
    async run({ open, device, acknowledgements }) {
      const source = open();
      await ready(source, ["a"]);
      const consumer = new Consumer(source, false);
      const publisher = await device();
      const published = publisher.publishAsync("a", "x", { qos: 1 });
      await consumer.received(1);
      for (let time = 0; time < 3; time++) consumer.batches[0]?.ack();
      await published;
      await delay(50);
      assert.equal(acknowledgements().length, 1);
      assert.equal(source.status().unacknowledged, 0);
    },
  },
  {
    name: "a message that was not acknowledged comes again when the connection was cut",
    async run({ capabilities, open, device, link }) {
      const source = open();
      await ready(source, ["a"]);
      const consumer = new Consumer(source, false);
      const publisher = await device({ clean: false, clientId: "cut-device" });
      const published = publisher.publishAsync("a", "x", { qos: 1 });
      await consumer.received(1);
      link.cut();
      await consumer.received(2);
      assert.deepEqual(
        consumer.messages.map(({ dup }) => dup),
        [false, capabilities.marksRepeats],
      );
      consumer.acknowledgeAll();
      await published;
    },
  },
  {
    name: "an acknowledgement of before a reconnect is not sent after it",
    async run({ open, device, link, acknowledgements }) {
      const source = open();
      await ready(source, ["a"]);
      const consumer = new Consumer(source, false);
      const publisher = await device({ clean: false, clientId: "cut-device" });
      const published = publisher.publishAsync("a", "x", { qos: 1 });
      await consumer.received(1);
      link.cut();
      await consumer.received(2);
      consumer.batches[0]?.ack();
      await delay(100);
      assert.deepEqual(acknowledgements(), []);
      consumer.batches[1]?.ack();
      await until("acknowledged", () => acknowledgements().length > 0);
      await published;
      assert.equal(acknowledgements().length, 1);
    },
  },
  {
    name: "a QoS 2 message comes once though the connection is cut before its acknowledgement",
    needs: "exactlyOnce",
    async run({ open, device, link, acknowledgements }) {
      const source = open();
      await ready(source, ["a"]);
      const consumer = new Consumer(source, false);
      const publisher = await device({ clean: false, clientId: "cut-device" });
      const published = publisher.publishAsync("a", "x", { qos: 2 });
      await consumer.received(1);
      const { connections } = link;
      link.cut();
      await until("connected again", () => link.connections > connections);
      await connected(source);
      await quiet(consumer, 1);
      assert.deepEqual(acknowledgements(), []);
      consumer.acknowledgeAll();
      await until("acknowledged", () => acknowledgements().some(({ type }) => type === PUBREC));
      await published;
      await quiet(consumer, 1);
    },
  },
  {
    name: "QoS 2 messages come once each, however often the connection is cut",
    needs: "exactlyOnce",
    async run({ open, device, link }) {
      const source = open();
      await ready(source, ["a"]);
      const consumer = new Consumer(source);
      const publisher = await device({ clean: false, clientId: "cut-device" });
      const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
      const published = Promise.all(texts.map((text) => publisher.publishAsync("a", text, { qos: 2 })));
      for (let cut = 0; cut < 5; cut++) {
        await delay(20);
        link.cut();
      }
      await published;
      await consumer.received(texts.length);
      await quiet(consumer, texts.length);
      assert.deepEqual([...new Set(consumer.texts)].length, texts.length);
    },
  },
];
