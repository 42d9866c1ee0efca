/** Conformance: starting, stopping, and brokers that go away. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { acknowledgedIds, startLoad } from "../support/load-publisher.ts";
import { Consumer, connected, type MessageSourceDefinition, ready, until } from "./message-source-support.ts";

export const sessionDefinitions: readonly MessageSourceDefinition[] = [
  {
    name: "stop() ends receive() and leaves what is not acknowledged alone",
    async run({ open, device, acknowledgements }) {
      const source = open();
      await ready(source, ["a"], 1);
      const consumer = new Consumer(source, false);
      const publisher = await device();
      void publisher.publishAsync("a", "x", { qos: 1 }).catch(() => {});
      await consumer.received(1);
      await source.stop();
      await consumer.finished;
      assert.ok(consumer.ended);
      assert.equal(source.status().connected, false);
      assert.deepEqual(acknowledgements(), []);
      consumer.acknowledgeAll();
      await source.stop();
    },
  },
  {
    name: "stop() before start(), and without a consumer",
    async run({ open }) {
      const source = open();
      await source.subscribe([{ filter: "a", qos: 1 }]);
      await source.stop();
      const consumer = new Consumer(source);
      await consumer.finished;
      assert.equal(source.status().connected, false);
    },
  },
  {
    name: "tells its state",
    async run({ open, device }) {
      const source = open();
      const before = source.status();
      assert.equal(before.connected, false);
      assert.equal(before.connects, 0);
      assert.equal(before.lastError, null);
      await ready(source, ["a", "b"], 1);
      const consumer = new Consumer(source, false);
      const publisher = await device();
      const published = publisher.publishAsync("a", "x", { qos: 1 });
      await consumer.received(1);
      const now = source.status();
      assert.equal(now.name, source.name);
      assert.match(now.url, /^mqtt:\/\/127\.0\.0\.1:\d+$/);
      assert.ok(now.protocolVersion === 4 || now.protocolVersion === 5);
      assert.deepEqual(
        {
          connected: now.connected,
          subscriptions: now.subscriptions,
          refused: now.refused.size,
          unacknowledged: now.unacknowledged,
          tls: now.tls,
          backoff: now.currentBackoffSeconds,
          lastError: now.lastError,
          connects: now.connects,
        },
        {
          connected: true,
          subscriptions: 2,
          refused: 0,
          unacknowledged: 1,
          tls: false,
          backoff: 0,
          lastError: null,
          connects: 1,
        },
      );
      consumer.acknowledgeAll();
      await published;
    },
  },
  {
    name: "what is published while the source is away comes when it is back",
    needs: "remote",
    async run({ open, device }) {
      const first = open();
      await ready(first, ["a"], 1);
      await first.stop();
      const publisher = await device();
      for (let index = 0; index < 50; index++) await publisher.publishAsync("a", `${index}`, { qos: 1 });
      const second = open();
      const consumer = new Consumer(second);
      await ready(second, ["a"], 1);
      await consumer.received(50);
      assert.deepEqual(
        consumer.texts,
        Array.from({ length: 50 }, (_, index) => `${index}`),
      );
    },
  },
  {
    name: "starts before its broker",
    needs: "remote",
    async run({ open, device, killBroker, startBroker }) {
      await killBroker();
      const source = open();
      await source.subscribe([{ filter: "a", qos: 1 }]);
      await source.start();
      await until("an error", () => source.status().lastError !== null);
      assert.equal(source.status().connected, false);
      const consumer = new Consumer(source);
      await startBroker();
      await until("subscribed", () => source.status().subscriptions === 1);
      await (await device()).publishAsync("a", "x", { qos: 1 });
      await consumer.received(1);
    },
  },
  {
    name: "goes on after the broker was killed",
    needs: "remote",
    async run({ open, device, killBroker, startBroker }) {
      const source = open();
      await ready(source, ["a"], 1);
      const consumer = new Consumer(source);
      await killBroker();
      await until("disconnected", () => !source.status().connected);
      assert.notEqual(source.status().lastError, null);
      await startBroker();
      await connected(source);
      await until("subscribed", () => source.status().subscriptions === 1);
      assert.equal(source.status().connects, 2);
      const publisher = await device();
      // The broker may have lost the subscription in the crash; it holds it again once it has answered.
      await delay(50);
      await publisher.publishAsync("a", "x", { qos: 1 });
      await consumer.received(1);
      assert.equal(consumer.ended, false);
    },
  },
  {
    name: "everything that the broker acknowledged arrives, though it is restarted under load",
    needs: "remote",
    async run({ open, deviceUrl, restartBroker }) {
      const source = open();
      await ready(source, ["load/#"], 1);
      const consumer = new Consumer(source);
      const load = startLoad({ url: deviceUrl(), count: 20_000, connections: 3, rate: 15_000, persist: true });
      for (let restart = 0; restart < 3; restart++) {
        await delay(300);
        await restartBroker();
      }
      const result = await load.result;
      assert.equal(result.acknowledged, 20_000);
      const received = () => new Set(consumer.texts.map((text) => JSON.parse(text).id as number));
      await until("everything", () => received().size >= 20_000, 20_000);
      const ids = received();
      assert.deepEqual(
        [...acknowledgedIds(result)].filter((id) => !ids.has(id)),
        [],
      );
    },
  },
];
