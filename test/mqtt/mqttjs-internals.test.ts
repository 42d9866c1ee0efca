/**
 * What the source relies on in MQTT.js beyond its documented interface. If a new version fails here, the source has to
 * be read against it before the version is taken.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MqttMessageSource } from "@sluice/adapter-mqtt";
import { MqttClient } from "mqtt";
import { InboundStream } from "../../packages/adapters/mqtt/src/inbound-stream.ts";
import { Consumer, connectDevice, ready, until } from "../conformance/message-source-support.ts";
import { FakeBroker, politely } from "../support/fake-broker.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";
import { TcpLink } from "../support/tcp-link.ts";

const PUBLISH = 3;
const PUBACK = 4;

describe("MQTT.js", () => {
  it("is the version that was read", () => {
    const { version } = createRequire(import.meta.url)("mqtt/package.json") as { version: string };
    assert.equal(version, "5.16.0");
  });

  it("exports its WebSocket stream builder", async () => {
    const { streamBuilder } = await import("mqtt/lib/connect/ws");
    assert.equal(typeof streamBuilder, "function");
  });

  it("reads its stream through pipe() and nothing else, and handles a packet before the write returns", async () => {
    const destinations: NodeJS.WritableStream[] = [];
    class Observed extends Duplex {
      override pipe<T extends NodeJS.WritableStream>(destination: T): T {
        destinations.push(destination);
        return destination;
      }
    }
    const stream = new Observed({ read() {}, write: (_chunk, _encoding, callback) => callback() });
    const client = new MqttClient(() => stream, {
      manualConnect: true,
      reconnectPeriod: 0,
      clientId: "x",
      keepalive: 0,
    });
    const received: string[] = [];
    client.on("packetreceive", ({ cmd }) => {
      received.push(cmd);
      if (cmd === "pingresp") throw new Error("thrown inside");
    });
    client.connect();
    assert.equal(destinations.length, 1);
    assert.equal(stream.listenerCount("data"), 0);
    destinations[0]?.write(Buffer.from([0x20, 2, 0, 0]));
    assert.deepEqual(received, ["connack"]);
    assert.throws(() => destinations[0]?.write(Buffer.from([0xd0, 0])), /thrown inside/);
    client.end(true);
  });

  it("cannot bring the process down by throwing over a packet", async (t) => {
    const broker = await FakeBroker.start(politely);
    const socket = connect(Number(new URL(broker.url).port), "127.0.0.1");
    const handler = { connack: () => {}, publish: () => true, pubrel: () => {} };
    const stream = new InboundStream(socket, handler, { protocolVersion: 4, maximumPacketBytes: 1_000, now: Date.now });
    const client = new MqttClient(() => stream, { manualConnect: true, reconnectPeriod: 0, clientId: "x" });
    const errors: Error[] = [];
    stream.on("error", (error) => errors.push(error));
    client.on("packetreceive", ({ cmd }) => {
      if (cmd === "pingresp") throw new Error("thrown inside");
    });
    t.after(async () => {
      client.end(true);
      await broker.stop();
    });
    client.connect();
    await until("connected", () => client.connected);
    client.sendPing();
    await until("closed", () => stream.closed);
    assert.match(errors[0]?.message ?? "", /thrown inside/);
    assert.equal(client.connected, false);
  });

  it("never sees a PUBLISH, sends no PUBACK, and the order of those that are sent is the source's", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto();
    const link = await TcpLink.open(() => broker.port);
    const source = new MqttMessageSource({ url: link.url, clientId: "internals", maximumBatch: 3 });
    const device = await connectDevice(broker.url);
    t.after(async () => {
      await device.endAsync(true);
      await source.stop();
      await link.close();
      await broker.stop();
    });
    await ready(source, ["#"], 1);
    const consumer = new Consumer(source, false);
    await Promise.all(Array.from({ length: 20 }, (_, index) => device.publishAsync("a", `${index}`, { qos: 1 })));
    await consumer.received(20);
    await delay(100);
    const sentIn = link.back.filter(({ type }) => type === PUBLISH);
    assert.equal(sentIn.length, 20, "the reader was not held up by the first");
    assert.equal(link.forth.filter(({ type }) => type === PUBACK).length, 0);
    for (const batch of [...consumer.batches].reverse()) batch.ack();
    const acknowledged = () => link.forth.filter(({ type }) => type === PUBACK).map(({ packetId }) => packetId);
    await until("all", () => acknowledged().length === 20);
    assert.deepEqual(
      acknowledged(),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
});
