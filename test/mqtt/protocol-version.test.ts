/** MQTT 5 where the broker speaks it, MQTT 3.1.1 where not. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { MqttMessageSource } from "@sluice/adapter-mqtt";
import { connected, until } from "../conformance/message-source-support.ts";
import { type Answer, FakeBroker, politely } from "../support/fake-broker.ts";

const setUp = async (t: TestContext, answer: Answer) => {
  const broker = await FakeBroker.start(answer);
  const source = new MqttMessageSource({
    url: broker.url,
    clientId: "version",
    backoff: { initialSeconds: 0.005, maximumSeconds: 0.01 },
  });
  t.after(async () => {
    await source.stop();
    await broker.stop();
  });
  await source.start();
  /** Of every CONNECT so far. */
  const versions = () =>
    broker.connections.map(({ protocolVersion }) => protocolVersion).filter((version) => version > 0);
  return { broker, source, versions };
};

/** Answers MQTT 5 with the bytes, or closes; is polite to MQTT 3.1.1. */
const only311 =
  (bytes: Buffer): Answer =>
  (packet, connection) => {
    if (connection.protocolVersion !== 5) politely(packet, connection);
    else connection.socket.end(bytes);
  };

describe("protocol version", () => {
  it("is MQTT 5 where the broker takes it", async (t) => {
    const { source, versions } = await setUp(t, politely);
    await connected(source);
    assert.equal(source.status().protocolVersion, 5);
    assert.deepEqual(versions(), [5]);
  });

  const refusals: [string, Buffer][] = [
    ["return code 1, as MQTT 3.1.1 brokers say it", Buffer.from([0x20, 2, 0, 1])],
    ["reason code 0x84, as MQTT 5 brokers say it", Buffer.from([0x20, 3, 0, 0x84, 0])],
    ["closing without a word", Buffer.alloc(0)],
  ];
  for (const [name, bytes] of refusals) {
    it(`falls back to 3.1.1 at once on ${name}, and keeps to it`, async (t) => {
      const { broker, source, versions } = await setUp(t, only311(bytes));
      await connected(source);
      assert.equal(source.status().protocolVersion, 4);
      assert.deepEqual(versions(), [5, 4]);
      broker.connections.at(-1)?.socket.destroy();
      await until("again", () => versions().length === 3);
      await connected(source);
      assert.deepEqual(versions(), [5, 4, 4]);
    });
  }

  it("comes back to MQTT 5 when the broker was only restarting", async (t) => {
    let attempts = 0;
    const { source, versions } = await setUp(t, (packet, connection) => {
      if (packet.cmd === "connect" && ++attempts <= 4) connection.socket.end();
      else politely(packet, connection);
    });
    await connected(source);
    assert.equal(source.status().protocolVersion, 5);
    assert.deepEqual(versions(), [5, 4, 5, 4, 5]);
  });

  it("does not doubt the version that was accepted when the broker later closes without a word", async (t) => {
    let closing = false;
    const { broker, source, versions } = await setUp(t, (packet, connection) => {
      if (closing) connection.socket.end();
      else politely(packet, connection);
    });
    await connected(source);
    closing = true;
    broker.connections.at(-1)?.socket.destroy();
    await until("some attempts", () => versions().length > 4);
    closing = false;
    await connected(source);
    assert.deepEqual([...new Set(versions())], [5]);
  });

  it("a refusal for another reason is no reason to change it", async (t) => {
    const { source, versions } = await setUp(t, (packet, connection) => {
      if (packet.cmd !== "connect") return;
      connection.send({ cmd: "connack", sessionPresent: false, reasonCode: 0x86, returnCode: 4 });
      connection.socket.end();
    });
    await until("three attempts", () => versions().length >= 3);
    assert.deepEqual([...new Set(versions())], [5]);
    assert.match(source.status().lastError ?? "", /Bad User Name or Password/i);
  });
});
