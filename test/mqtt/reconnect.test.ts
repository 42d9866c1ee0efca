/** When the source connects again, and that it says so. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { MqttMessageSource, type MqttSourceOptions } from "@sluice/adapter-mqtt";
import { Backoff } from "../../packages/adapters/mqtt/src/reconnect.ts";
import { connected, until } from "../conformance/message-source-support.ts";
import { type Answer, FakeBroker, politely } from "../support/fake-broker.ts";
import { ManualTime } from "../support/manual-time.ts";

const setUp = async (t: TestContext, answer: Answer, options: Partial<MqttSourceOptions> = {}) => {
  const broker = await FakeBroker.start(answer);
  const time = new ManualTime();
  const source = new MqttMessageSource({
    url: broker.url,
    clientId: "reconnect",
    protocolVersion: 4,
    environment: { ...time, now: time.now, after: time.after, random: () => 1 - Number.EPSILON },
    ...options,
  });
  t.after(async () => {
    await source.stop();
    await broker.stop();
  });
  await source.start();
  /** Waits for the next backoff, tells it, and lets it pass. */
  const backoff = async (): Promise<number> => {
    await until("waiting", () => source.status().currentBackoffSeconds > 0);
    const seconds = source.status().currentBackoffSeconds;
    const { length } = broker.connections;
    time.advance(seconds * 1_000 + 1);
    await until("connecting", () => broker.connections.length > length);
    return Math.round(seconds);
  };
  return { broker, time, source, backoff };
};

/** CONNACK with a reason that is none of the protocol version. */
const refusing: Answer = (packet, connection) => {
  if (packet.cmd !== "connect") return;
  connection.send({ cmd: "connack", sessionPresent: false, returnCode: 5, reasonCode: 135 });
  connection.socket.end();
};

describe("backoff", () => {
  it("doubles from one second to sixty", () => {
    const backoff = new Backoff({ initialSeconds: 1, maximumSeconds: 60 }, () => 1);
    assert.deepEqual(
      Array.from({ length: 9 }, () => backoff.next()),
      [1, 2, 4, 8, 16, 32, 60, 60, 60],
    );
    backoff.reset();
    assert.equal(backoff.next(), 1);
  });

  it("is shortened by chance to half at the most, and never overflows", () => {
    const backoff = new Backoff({ initialSeconds: 1, maximumSeconds: 60 }, () => 0);
    assert.deepEqual(
      Array.from({ length: 4 }, () => backoff.next()),
      [0.5, 1, 2, 4],
    );
    for (let attempt = 0; attempt < 5_000; attempt++) assert.ok(backoff.next() <= 60);
  });
});

describe("reconnecting", () => {
  it("waits longer after each refusal, and tells why", async (t) => {
    const { source, backoff } = await setUp(t, refusing);
    assert.deepEqual([await backoff(), await backoff(), await backoff(), await backoff()], [1, 2, 4, 8]);
    assert.match(source.status().lastError ?? "", /Not authorized/i);
    assert.equal(source.status().connected, false);
    assert.equal(source.status().connects, 0);
  });

  it("keeps waiting longer while connections do not last, and starts anew after one that did", async (t) => {
    const { broker, time, source, backoff } = await setUp(t, politely);
    const drop = async (afterSeconds: number): Promise<number> => {
      await connected(source);
      time.advance(afterSeconds * 1_000);
      broker.connections.at(-1)?.socket.destroy();
      await until("disconnected", () => !source.status().connected);
      return backoff();
    };
    assert.deepEqual([await drop(1), await drop(29), await drop(0)], [1, 2, 4]);
    assert.equal(await drop(30), 1);
    await connected(source);
    assert.equal(source.status().currentBackoffSeconds, 0);
    assert.equal(source.status().connects, 5);
    assert.equal(source.status().lastError, null);
  });

  it("gives up a broker that never answers CONNECT", async (t) => {
    const { source, broker } = await setUp(t, () => {}, { connectTimeoutSeconds: 0.1 });
    await until("waiting", () => source.status().currentBackoffSeconds > 0);
    assert.match(source.status().lastError ?? "", /connack timeout/);
    assert.equal(broker.connections.length, 1);
  });

  it("gives up a broker that never answers SUBSCRIBE", async (t) => {
    const { source, time } = await setUp(t, (packet, connection) => {
      if (packet.cmd === "connect") politely(packet, connection);
    });
    await connected(source);
    const subscribed = source.subscribe([{ filter: "a", qos: 1 }]);
    await until("asked", () => time.pending > 0);
    time.advance(30_000);
    await subscribed;
    await until("given up", () => !source.status().connected);
    assert.match(source.status().lastError ?? "", /does not answer a SUBSCRIBE/);
  });

  it("reconnects when the keep-alive is not answered", async (t) => {
    const { source, broker, backoff } = await setUp(
      t,
      (packet, connection) => {
        if (packet.cmd !== "pingreq") politely(packet, connection);
      },
      { keepaliveSeconds: 1 },
    );
    await connected(source);
    await until("disconnected", () => !source.status().connected, 5_000);
    assert.match(source.status().lastError ?? "", /Keepalive timeout/);
    assert.ok(broker.connections[0]?.packets.some(({ cmd }) => cmd === "pingreq"));
    await backoff();
    await connected(source);
  });

  it("stops while it waits, and while it connects", async (t) => {
    const waiting = await setUp(t, refusing);
    await until("waiting", () => waiting.source.status().currentBackoffSeconds > 0);
    await waiting.source.stop();
    waiting.time.advance(3_600_000);
    assert.equal(waiting.broker.connections.length, 1);

    const connecting = await setUp(t, () => {});
    await until("connecting", () => connecting.broker.connections.length === 1);
    await connecting.source.stop();
    assert.equal(connecting.source.status().connected, false);
  });

  it("says goodbye and keeps the session when it stops", async (t) => {
    const { source, broker } = await setUp(t, politely, { protocolVersion: 5, receiveMaximum: 100 });
    await connected(source);
    await source.stop();
    const packets = broker.connections[0]?.packets ?? [];
    const [connect] = packets;
    assert.ok(connect?.cmd === "connect" && connect.clean === false);
    assert.deepEqual(connect.properties, { sessionExpiryInterval: 7 * 24 * 3_600, receiveMaximum: 100 });
    await until("goodbye", () => packets.at(-1)?.cmd === "disconnect");
  });
});
