/** The source that sits in the embedded broker, beyond what all sources have in common. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EmbeddedBroker, EmbeddedBrokerSource, type EmbeddedSourceOptions } from "@sluice/adapter-broker";
import mqtt from "mqtt";
import { Consumer, connectDevice, quiet, until } from "../conformance/message-source-support.ts";

const setUp = async (t: TestContext, filters: readonly string[], options: EmbeddedSourceOptions = {}) => {
  const broker = new EmbeddedBroker({ port: 0 });
  const source = new EmbeddedBrokerSource(broker, options);
  await source.subscribe(filters.map((filter) => ({ filter, qos: 2 })));
  await broker.start();
  t.after(async () => {
    await source.stop();
    await broker.stop();
  });
  return { broker, source };
};

/** Whether the promise has been resolved after a moment. */
const settled = async (promise: Promise<unknown>, ms = 100): Promise<boolean> =>
  Promise.race([promise.then(() => true), delay(ms, false)]);

describe("embedded source", () => {
  it("is attached before the broker starts, and alone", async (t) => {
    const { broker } = await setUp(t, []);
    assert.throws(() => new EmbeddedBrokerSource(broker), /has a source already/);
    const other = new EmbeddedBroker({ port: 0 });
    await other.start();
    t.after(() => other.stop());
    assert.throws(() => new EmbeddedBrokerSource(other), /started without/);
  });

  it("lets nothing pass before it is started", async (t) => {
    const { broker, source } = await setUp(t, ["a"]);
    const device = await connectDevice(broker.url);
    t.after(() => device.endAsync(true));
    const wanted = device.publishAsync("a", "wanted", { qos: 1 });
    const unwanted = device.publishAsync("b", "unwanted", { qos: 1 });
    assert.equal(await settled(Promise.race([wanted, unwanted])), false);
    const consumer = new Consumer(source, false);
    await source.start();
    await unwanted;
    await consumer.received(1);
    assert.equal(await settled(wanted), false);
    consumer.acknowledgeAll();
    await wanted;
  });

  it("acknowledges nothing after it has stopped", async (t) => {
    const { broker, source } = await setUp(t, ["a"]);
    await source.start();
    const device = await connectDevice(broker.url);
    t.after(() => device.endAsync(true));
    await source.stop();
    const published = Promise.all([
      device.publishAsync("a", "x", { qos: 1 }),
      device.publishAsync("b", "x", { qos: 1 }),
    ]);
    assert.equal(await settled(published), false);
  });

  it("shows a message to other subscribers when it is durable, not before", async (t) => {
    const { broker, source } = await setUp(t, ["a"]);
    await source.start();
    const consumer = new Consumer(source, false);
    const [sender, receiver] = [await connectDevice(broker.url), await connectDevice(broker.url)];
    t.after(() => Promise.all([sender.endAsync(true), receiver.endAsync(true)]));
    const received: string[] = [];
    receiver.on("message", (_topic, payload) => received.push(payload.toString()));
    await receiver.subscribeAsync("a", { qos: 1 });
    const published = sender.publishAsync("a", "x", { qos: 1 });
    await consumer.received(1);
    await delay(50);
    assert.deepEqual(received, []);
    consumer.acknowledgeAll();
    await published;
    await until("received", () => received.length === 1);
  });

  it("one device that waits does not hold up another", async (t) => {
    const { broker, source } = await setUp(t, ["a"]);
    await source.start();
    const consumer = new Consumer(source, false);
    const [one, other] = [await connectDevice(broker.url), await connectDevice(broker.url)];
    t.after(() => Promise.all([one.endAsync(true), other.endAsync(true)]));
    void one.publishAsync("a", "1", { qos: 1 }).catch(() => {});
    await consumer.received(1);
    await other.publishAsync("not/wanted", "2", { qos: 1 });
    void other.publishAsync("a", "3", { qos: 1 }).catch(() => {});
    await consumer.received(2);
    consumer.acknowledgeAll();
  });

  it("takes wills in", async (t) => {
    const { broker, source } = await setUp(t, ["gone/+"]);
    await source.start();
    const consumer = new Consumer(source);
    const will = { topic: "gone/device", payload: Buffer.from("bye"), qos: 1 as const, retain: false };
    const device = await connectDevice(broker.url, { will, reconnectPeriod: 0 });
    device.stream.destroy();
    await consumer.received(1);
    assert.deepEqual(consumer.texts, ["bye"]);
    assert.equal(consumer.messages[0]?.qos, 1);
  });

  it("refuses wills and messages to topics that nobody may publish to", async (t) => {
    const { broker, source } = await setUp(t, ["#", "$SYS/#"]);
    await source.start();
    const consumer = new Consumer(source);
    for (const topic of ["$SYS/fake", "a\u0000b"]) {
      const device = await connectDevice(broker.url, { reconnectPeriod: 0 });
      void device.publishAsync(topic, "x", { qos: 1 }).catch(() => {});
      await until("disconnected", () => !device.connected);
      await device.endAsync(true);
      const will = { topic, payload: Buffer.from("x"), qos: 0 as const, retain: false };
      const mortal = await connectDevice(broker.url, { will, reconnectPeriod: 0 });
      mortal.stream.destroy();
    }
    await delay(100);
    assert.deepEqual(
      consumer.messages.filter(({ topic }) => !/^\$SYS\/[0-9a-f-]{36}\//.test(topic)),
      [],
    );
  });

  it("takes the broker's own messages only when asked for", async (t) => {
    const { broker, source } = await setUp(t, ["#", "+/+/new/clients"]);
    await source.start();
    const consumer = new Consumer(source);
    const first = await connectDevice(broker.url, { clientId: "first" });
    await quiet(consumer, 0, 50);
    await source.subscribe([{ filter: "$SYS/+/new/clients", qos: 0 }]);
    const second = await connectDevice(broker.url, { clientId: "second" });
    await consumer.received(1);
    assert.match(consumer.messages[0]?.topic ?? "", /^\$SYS\/.*\/new\/clients$/);
    assert.deepEqual(consumer.texts, ["second"]);
    await Promise.all([first.endAsync(), second.endAsync()]);
  });

  it("gives retained messages to new filters, once, and none to shared ones", async (t) => {
    const { broker, source } = await setUp(t, ["first/#"]);
    await source.start();
    const consumer = new Consumer(source);
    const device = await connectDevice(broker.url);
    t.after(() => device.endAsync(true));
    await device.publishAsync("state/a", "A", { qos: 1, retain: true });
    await device.publishAsync("state/b", "B", { qos: 2, retain: true });
    await device.publishAsync("other", "C", { qos: 1, retain: true });
    const filter = (text: string, qos: 0 | 1 | 2 = 1) => ({ filter: text, qos });
    await source.subscribe([filter("$share/g/state/#")]);
    await quiet(consumer, 0, 50);
    await source.subscribe([filter("state/+", 0), filter("state/a"), filter("$share/g/state/#")]);
    await consumer.received(2);
    await quiet(consumer, 2, 50);
    const seen = consumer.messages.map(({ topic, retain, qos }) => ({ topic, retain, qos }));
    assert.deepEqual(seen, [
      { topic: "state/a", retain: true, qos: 1 },
      { topic: "state/b", retain: true, qos: 0 },
    ]);
  });

  it("keeps its window however many devices push at once", async (t) => {
    const { broker, source } = await setUp(t, ["#"], { windowMessages: 50 });
    await source.start();
    const consumer = new Consumer(source, false);
    const devices = await Promise.all(Array.from({ length: 20 }, () => connectDevice(broker.url)));
    t.after(() => Promise.all(devices.map((device) => device.endAsync(true))));
    const published = Promise.all(
      devices.flatMap((device) =>
        Array.from({ length: 20 }, (_, index) => device.publishAsync("a", `${index}`, { qos: 1 })),
      ),
    );
    await until("full", () => source.status().unacknowledged === 50);
    await delay(100);
    assert.equal(source.status().unacknowledged, 50);
    assert.equal(consumer.messages.length, 50);
    consumer.acknowledgeAll();
    await published;
    assert.equal(consumer.messages.length, 400);
  });

  it("a QoS 2 message that is sent again while the first is not durable yet is answered after it, and comes once", async (t) => {
    const { broker, source } = await setUp(t, ["a"]);
    await source.start();
    const consumer = new Consumer(source, false);
    const options = { protocolVersion: 4 as const, clean: false, clientId: "again", reconnectPeriod: 30 };
    const device = mqtt.connect(broker.url, options);
    device.on("error", () => {});
    t.after(() => device.endAsync(true));
    const published = device.publishAsync("a", "x", { qos: 2 });
    await consumer.received(1);
    for (let cut = 0; cut < 3; cut++) {
      device.stream.destroy();
      await until("gone", () => !device.connected);
      await until("back", () => device.connected);
      await delay(20);
    }
    await quiet(consumer, 1);
    assert.equal(await settled(published), false);
    consumer.acknowledgeAll();
    await published;
    await device.publishAsync("a", "y", { qos: 2 });
    await consumer.received(2);
    assert.deepEqual(consumer.texts, ["x", "y"]);
  });
});
