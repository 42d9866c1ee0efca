/** Whatever devices send, the process lives, the others are served, and nothing but what was published is recorded. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { EmbeddedBroker, EmbeddedBrokerSource } from "@sluice/adapter-broker";
import mqttPacket, { type Packet } from "mqtt-packet";
import { Consumer, connectDevice, until } from "../conformance/message-source-support.ts";

const CONNECTIONS = 600;

const random = (below: number): number => Math.floor(Math.random() * below);
const oneOf = <T>(items: readonly T[]): T => items[random(items.length)] as T;

const texts = ["a", "a/b", "$SYS/x", "__proto__", "constructor", "a//b", "+", "a/#", "\u0000", "x/".repeat(120)];

const packets = (): Packet[] => {
  const messageId = 1 + random(9);
  const qos = oneOf([0, 1, 2] as const);
  const publish = { cmd: "publish", topic: oneOf(texts), payload: Buffer.alloc(random(50)), qos, messageId } as const;
  return [
    { ...publish, retain: random(2) === 1, dup: random(2) === 1 },
    { cmd: "subscribe", messageId, subscriptions: [{ topic: oneOf(texts), qos }] },
    { cmd: "unsubscribe", messageId, unsubscriptions: [oneOf(texts)] },
    { cmd: "puback", messageId },
    { cmd: "pubrec", messageId },
    { cmd: "pubrel", messageId },
    { cmd: "pubcomp", messageId },
    { cmd: "pingreq" },
    { cmd: "suback", messageId, granted: [0] },
    { cmd: "connect", clientId: "again", protocolId: "MQTT", protocolVersion: 4, clean: true },
  ] as Packet[];
};

const encode = (packet: Packet): Buffer => {
  try {
    return mqttPacket.generate(packet, { protocolVersion: 4 });
  } catch {
    return Buffer.from([random(256), random(4), random(256)]);
  }
};

/** A conversation that begins well, with some bytes changed or missing. */
const conversation = (): Buffer => {
  const hello = encode({
    cmd: "connect",
    clientId: `hostile-${random(10)}`,
    protocolId: "MQTT",
    protocolVersion: oneOf([4, 4, 4, 5]),
    clean: random(2) === 1,
    keepalive: 60,
    ...(random(2) === 1 && {
      will: { topic: oneOf(texts), payload: Buffer.from("will"), qos: oneOf([0, 1, 2] as const), retain: false },
    }),
  });
  const bytes = Buffer.concat([hello, ...Array.from({ length: random(20) }, () => encode(oneOf(packets())))]);
  if (random(2) === 1) for (let change = random(4); change >= 0; change--) bytes[random(bytes.length)] = random(256);
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
};

const attack = (port: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
    socket.write(conversation());
    setTimeout(() => socket.destroy(), random(30));
  });

describe("hostile devices", () => {
  it("do no harm to the broker, its source and the other devices", async (t) => {
    const broker = new EmbeddedBroker({ port: 0 });
    const source = new EmbeddedBrokerSource(broker);
    await source.subscribe([{ filter: "#", qos: 2 }]);
    await broker.start();
    await source.start();
    const consumer = new Consumer(source);
    const device = await connectDevice(broker.url, { clientId: "good" });
    t.after(async () => {
      await device.endAsync(true);
      await source.stop();
      await broker.stop();
    });
    let left = CONNECTIONS;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        while (left-- > 0) await attack(broker.status.port);
      }),
    );
    for (const qos of [0, 1, 2] as const) await device.publishAsync("good", `${qos}`, { qos });
    const good = () => consumer.messages.filter(({ topic }) => topic === "good");
    assert.equal(good().length, 3);
    assert.equal(device.connected, true);
    assert.ok(
      consumer.messages.every(({ topic }) => topic !== "" && !/[+#\0]/.test(topic) && !topic.startsWith("$SYS/")),
    );
    await until("everything acknowledged", () => source.status().unacknowledged === 0);
  });
});
