/** Whatever the other side sends: the connection ends, the source goes on, the process lives. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MqttMessageSource, type MqttSourceOptions } from "@sluice/adapter-mqtt";
import { Consumer, connected, until } from "../conformance/message-source-support.ts";
import { FakeBroker, type FakeConnection, politely } from "../support/fake-broker.ts";

const setUp = async (
  t: TestContext,
  attack: (connection: FakeConnection, attempt: number) => void,
  options: Partial<MqttSourceOptions> = {},
) => {
  let attempt = 0;
  const broker = await FakeBroker.start((packet, connection) => {
    politely(packet, connection);
    if (packet.cmd === "subscribe") attack(connection, ++attempt);
  });
  const source = new MqttMessageSource({
    url: broker.url,
    clientId: "hostile",
    backoff: { initialSeconds: 0.005, maximumSeconds: 0.01 },
    ...options,
  });
  t.after(async () => {
    await source.stop();
    await broker.stop();
  });
  await source.subscribe([{ filter: "#", qos: 2 }]);
  await source.start();
  return { source, broker, consumer: new Consumer(source) };
};

const publish = (topic: string, payload = "x"): Buffer => {
  const body = Buffer.concat([
    Buffer.from([topic.length >> 8, topic.length & 255]),
    Buffer.from(topic),
    Buffer.from([0]),
  ]);
  return Buffer.concat([Buffer.from([0x30, body.length + payload.length]), body, Buffer.from(payload)]);
};

const attacks: Record<string, Buffer> = {
  "a malformed header": Buffer.from([0x36, 0xff, 0xff, 0xff, 0xff, 0x01]),
  "QoS 3": Buffer.from([0x36, 6, 0, 1, 97, 0, 1, 0]),
  "a topic of zero length": Buffer.from([0x30, 3, 0, 0, 0]),
  "a topic longer than its packet": Buffer.from([0x30, 4, 0xff, 0xff, 97, 0]),
  "an answer above the maximum": Buffer.from([0x90, 0xff, 0xff, 0xff, 0x7f]),
  "properties longer than their packet": Buffer.from([0x30, 5, 0, 1, 97, 0x7f, 0]),
  "an unknown property": Buffer.from([0x30, 6, 0, 1, 97, 2, 0x7e, 0]),
  "a topic alias": Buffer.from([0x30, 7, 0, 1, 97, 3, 0x23, 0, 1]),
  "a packet of type 0": Buffer.from([0x00, 0]),
  "a CONNECT": Buffer.from([0x10, 0]),
  "a second CONNACK": Buffer.from([0x20, 3, 0, 0, 0]),
  "a PUBREL without identifier": Buffer.from([0x62, 0]),
  "a SUBACK of nothing": Buffer.from([0x90, 0]),
  "a SUBACK with an unknown reason": Buffer.from([0x90, 4, 0xff, 0xff, 0, 0x42]),
  "a PINGRESP with wrong flags": Buffer.from([0xdf, 0]),
  "a DISCONNECT": Buffer.from([0xe0, 1, 0x8e]),
  "an HTTP answer": Buffer.from(`HTTP/1.1 400 Bad Request\r\n\r\n${"sorry ".repeat(100)}`),
};

describe("a hostile broker", () => {
  for (const [name, bytes] of Object.entries(attacks)) {
    it(`survives ${name}`, async (t) => {
      const { source, broker, consumer } = await setUp(t, ({ socket }, attempt) => {
        if (attempt === 1) socket.write(bytes);
        else socket.write(publish("good"));
      });
      await consumer.received(1);
      assert.ok(broker.connections.length > 1, "the connection was given up");
      assert.equal(consumer.messages[0]?.topic, "good");
      assert.equal(source.status().connected, true);
    });
  }

  it("survives answers to CONNECT that are none", async (t) => {
    const answers = [Buffer.from([0x20, 0]), Buffer.from([0x20, 1, 0]), publish("early"), Buffer.from("SSH-2.0-x\r\n")];
    const broker = await FakeBroker.start((packet, connection) => {
      const answer = packet.cmd === "connect" ? answers.shift() : undefined;
      if (answer === undefined) politely(packet, connection);
      else connection.socket.write(answer);
    });
    const source = new MqttMessageSource({
      url: broker.url,
      clientId: "hostile",
      connectTimeoutSeconds: 0.1,
      backoff: { initialSeconds: 0.005, maximumSeconds: 0.01 },
    });
    t.after(async () => {
      await source.stop();
      await broker.stop();
    });
    await source.start();
    await connected(source);
    assert.equal(answers.length, 0);
  });

  it("survives random bytes", async (t) => {
    const { source, broker, consumer } = await setUp(t, ({ socket }, attempt) => {
      if (attempt <= 100) {
        const bytes = randomBytes(1 + Math.floor(Math.random() * 200));
        bytes[0] = Math.floor(Math.random() * 16) << 4;
        socket.end(bytes);
      } else socket.write(publish("good"));
    });
    await until("good", () => consumer.messages.some(({ topic }) => topic === "good"), 20_000);
    assert.ok(broker.connections.length > 100);
    assert.equal(source.status().connected, true);
  });

  it("yields topic names that are against the rules, so that they are recorded and acknowledged", async (t) => {
    const topics = ["+/#", "a\u0000b", "\u0001", "$SYS/fake", "/".repeat(100)];
    const { consumer } = await setUp(t, ({ socket }) => {
      for (const topic of topics) socket.write(publish(topic));
    });
    await consumer.received(topics.length);
    assert.deepEqual(
      consumer.messages.map(({ topic }) => topic),
      topics,
    );
  });

  it("takes no more memory for a packet that is announced and never comes", async (t) => {
    const { source } = await setUp(t, ({ socket }) => socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x06])));
    await connected(source);
    await delay(50);
    assert.ok(process.memoryUsage().rss < 1_000_000_000);
    assert.equal(source.status().connected, true);
  });

  it("keeps the first bytes of a message that is too large, and acknowledges it", async (t) => {
    const whole = Buffer.alloc(3_000_000, "0123456789");
    const { source, broker, consumer } = await setUp(
      t,
      (connection) => {
        const message = { cmd: "publish", topic: "large", qos: 1, dup: false, retain: false } as const;
        connection.send({ ...message, payload: whole, messageId: 7 });
        connection.send({ ...message, payload: "small", messageId: 8 });
      },
      { maximumPacketBytes: 100_000 },
    );
    await consumer.received(2);
    const [large, small] = consumer.messages;
    assert.equal(large?.payloadLength, whole.length);
    assert.ok(large.payload.length > 99_000 && large.payload.length < 100_000);
    assert.ok(whole.subarray(0, large.payload.length).equals(large.payload));
    assert.deepEqual([small?.payload.toString(), small && "payloadLength" in small], ["small", false]);
    const acknowledged = () => broker.connections[0]?.packets.filter(({ cmd }) => cmd === "puback").length;
    await until("both acknowledged", () => acknowledged() === 2);
    assert.equal(source.status().connects, 1);
  });

  it("takes a message of QoS 2 whose identifier is in use, but which is not marked as sent again, as a new one", async (t) => {
    const message = { cmd: "publish", topic: "a", qos: 2, messageId: 5, retain: false } as const;
    const { consumer } = await setUp(t, (connection) => {
      connection.send({ ...message, payload: "first", dup: false });
      connection.send({ ...message, payload: "first", dup: true });
      connection.send({ ...message, payload: "other", dup: false });
    });
    await consumer.received(2);
    assert.deepEqual(consumer.texts, ["first", "other"]);
  });

  it("gives up a broker that sends and never reads", async (t) => {
    const { source } = await setUp(
      t,
      ({ socket }, attempt) => {
        if (attempt > 1) return;
        socket.pause();
        const some = Buffer.concat(
          Array.from({ length: 1_000 }, (_, index) =>
            Buffer.from([0x32, 6, 0, 1, 97, index >> 8, (index & 255) | 1, 0]),
          ),
        );
        const flood = (): void => {
          while (socket.writable && socket.write(some));
          socket.once("drain", flood);
        };
        flood();
      },
      { backoff: { initialSeconds: 60, maximumSeconds: 60 } },
    );
    await until("given up", () => source.status().lastError !== null, 30_000);
    assert.match(source.status().lastError ?? "", /does not read/);
  });

  it("says in which way it was disconnected", async (t) => {
    const { source } = await setUp(
      t,
      ({ socket }, attempt) => {
        if (attempt === 1) socket.end(Buffer.from([0xe0, 1, 0x8e]));
      },
      { backoff: { initialSeconds: 60, maximumSeconds: 60 } },
    );
    await until("disconnected", () => source.status().lastError !== null);
    assert.match(source.status().lastError ?? "", /session taken over/);
  });
});
