/** Shared subscriptions: several sources as one, and one source that is in a group and for itself as well. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MqttMessageSource, type MqttSourceOptions } from "@sluice/adapter-mqtt";
import type { CopyFor } from "@sluice/domain";
import { Consumer, connectDevice, quiet, ready, until } from "../conformance/message-source-support.ts";
import { FakeBroker, politely } from "../support/fake-broker.ts";
import { type Mosquitto, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";

const COUNT = 2_000;

describe("shared subscriptions at Mosquitto", () => {
  let broker: Mosquitto;
  const sources: MqttMessageSource[] = [];

  beforeEach(async () => {
    if (mosquittoProgram)
      broker = await startMosquitto({ config: ["allow_anonymous true", "max_inflight_messages 0"] });
  });

  afterEach(async () => {
    for (const source of sources.splice(0)) await source.stop();
    if (mosquittoProgram) await broker.kill();
  });

  const open = (clientId: string, more: Partial<MqttSourceOptions> = {}): MqttMessageSource => {
    const source = new MqttMessageSource({ url: broker.url, clientId, ...more });
    sources.push(source);
    return source;
  };

  const publish = async (topic: string, texts: readonly string[]): Promise<void> => {
    const device = await connectDevice(broker.url);
    await Promise.all(texts.map((text) => device.publishAsync(topic, text, { qos: 1 })));
    await device.endAsync();
  };

  const numbers = Array.from({ length: COUNT }, (_, index) => `${index}`);

  for (const protocolVersion of [4, 5] as const) {
    it(`give each message to one of the group, MQTT ${protocolVersion === 5 ? "5" : "3.1.1"}`, async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const group = ["one", "two"].map((clientId) => open(clientId, { protocolVersion }));
      const consumers: Consumer[] = [];
      for (const source of group) {
        await ready(source, ["$share/g/a/+"]);
        consumers.push(new Consumer(source));
      }
      await publish("a/b", numbers);
      await until("all", () => consumers.reduce((sum, { messages }) => sum + messages.length, 0) >= COUNT);
      const texts = consumers.flatMap((consumer) => consumer.texts);
      assert.deepEqual(texts.sort(), [...numbers].sort());
      for (const consumer of consumers) assert.ok(consumer.messages.length > COUNT / 10, "both take part");
    });
  }

  it("lose nothing when one of the group goes with messages that it has not acknowledged", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    // Whom a broker gives them to is its own affair [MQTT-4.8.2-5]: Mosquitto keeps them for the session that had them.
    const filters = ["$share/g/a/+"];
    const leaving = open("one");
    const staying = open("two");
    await ready(leaving, filters);
    await ready(staying, filters);
    const left = new Consumer(leaving, false);
    const stayed = new Consumer(staying);
    await publish("a/b", numbers.slice(0, COUNT / 2));
    await until("each its part", () => left.messages.length + stayed.messages.length >= COUNT / 2);
    assert.ok(left.messages.length > 0);
    await leaving.stop();
    await publish("a/b", numbers.slice(COUNT / 2));
    const back = open("one");
    const returned = new Consumer(back);
    await ready(back, filters);
    await until("all", () => stayed.messages.length + returned.messages.length >= COUNT);
    assert.deepEqual([...stayed.texts, ...returned.texts].sort(), [...numbers].sort());
    assert.ok(left.texts.every((text) => returned.texts.includes(text)));
  });

  it("tell a copy for a group from a copy for the same source's other filters", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const other = open("other");
    await ready(other, ["$share/g/a/+"]);
    const inGroup = new Consumer(other);
    const source = open("both");
    await ready(source, ["$share/g/a/+", "a/#", "a/b"]);
    const consumer = new Consumer(source);
    await publish("a/b", numbers);
    const forGroup = (copyFor: CopyFor | undefined) => copyFor?.shared.includes("$share/g/a/+") === true;
    const plain = () => consumer.messages.filter(({ copyFor }) => copyFor?.plain === true);
    const shared = () => consumer.messages.filter(({ copyFor }) => forGroup(copyFor));
    await until("all", () => plain().length >= COUNT && shared().length + inGroup.messages.length >= COUNT);
    await quiet(consumer, plain().length + shared().length);
    assert.equal(plain().length, COUNT);
    assert.equal(shared().length + inGroup.messages.length, COUNT);
    assert.ok(shared().length > 0 && inGroup.messages.length > 0);
  });

  it("are known again, in what the broker kept, by the source after a restart", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const first = open("both");
    await ready(first, ["a/#", "b", "$share/h/c/+", "$share/g/a/+"]);
    await first.stop();
    await publish("a/b", ["1"]);
    const second = open("both");
    const consumer = new Consumer(second);
    // Others before it: numbers that were given in order would be others now.
    await ready(second, ["$share/g/a/+", "x", "y", "$share/h/c/+", "a/#"]);
    await consumer.received(2);
    assert.deepEqual(
      consumer.messages.map(({ copyFor }) => copyFor).sort((one, two) => Number(one?.plain) - Number(two?.plain)),
      [
        { plain: false, shared: ["$share/g/a/+"] },
        { plain: true, shared: [] },
      ],
    );
  });

  it("cost a source without any nothing: it is told nothing of copies", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const source = open("plain");
    await ready(source, ["a/#", "a/b"]);
    const consumer = new Consumer(source);
    await publish("a/b", ["1"]);
    await consumer.received(1);
    await quiet(consumer, 1);
    assert.ok(!("copyFor" in (consumer.messages[0] ?? {})));
  });
});

describe("identifiers of subscriptions", () => {
  it("are small for filters that are not shared, and of their own for those that are", async (t) => {
    const identifiers = new Map<string, number>();
    const broker = await FakeBroker.start((packet, connection) => {
      if (packet.cmd === "subscribe") {
        for (const { topic } of packet.subscriptions) {
          identifiers.set(topic, packet.properties?.subscriptionIdentifier ?? 0);
        }
      }
      politely(packet, connection);
    });
    const source = new MqttMessageSource({ url: broker.url, clientId: "x" });
    t.after(async () => {
      await source.stop();
      await broker.stop();
    });
    await ready(source, ["a", "$share/g/a", "b", "$share/h/a"], 1);
    assert.deepEqual([identifiers.get("a"), identifiers.get("b")], [1, 2]);
    const shared = [identifiers.get("$share/g/a"), identifiers.get("$share/h/a")] as [number, number];
    for (const identifier of shared) assert.ok(identifier > 67_108_863 && identifier <= 268_435_455);
    assert.notEqual(shared[0], shared[1]);
  });
});
