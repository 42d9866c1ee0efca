/** The embedded broker: where it listens, whom it lets in, how much it takes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EmbeddedBroker, type EmbeddedBrokerOptions } from "@sluice/adapter-broker";
import mqtt from "mqtt";
import { connectDevice, until } from "../conformance/message-source-support.ts";

const start = async (t: TestContext, options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> => {
  const broker = new EmbeddedBroker({ port: 0, ...options });
  await broker.start();
  t.after(() => broker.stop());
  return broker;
};

/** What the broker answers to the bytes, and whether it then closes. */
const exchange = async (port: number, bytes: Buffer): Promise<Buffer> => {
  const socket = connect(port, "127.0.0.1");
  const answer: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => answer.push(chunk));
  socket.on("error", () => {});
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(answer);
};

const CONNECT = Buffer.from([0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 1, 120]);

describe("embedded broker", () => {
  it("listens on this machine alone, on the port it was given", async (t) => {
    const broker = await start(t);
    const { listening, host, port, portTaken } = broker.status;
    assert.deepEqual({ listening, host, portTaken }, { listening: true, host: "127.0.0.1", portTaken: false });
    assert.equal(broker.url, `mqtt://127.0.0.1:${port}`);
  });

  it("takes the next free port when its own is taken, and says so", async (t) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    const { port } = other.address() as { port: number };
    const broker = new EmbeddedBroker({ port });
    t.after(() => broker.stop());
    const got = await broker.start();
    assert.ok(got.port > port && got.port <= port + 100);
    assert.equal(broker.status.portTaken, true);
    await (await connectDevice(broker.url)).endAsync();
  });

  it("fails for another reason than a taken port", async () => {
    await assert.rejects(new EmbeddedBroker({ host: "203.0.113.1", port: 0 }).start(), /EADDRNOTAVAIL/);
  });

  it("refuses a client that speaks MQTT 5 alone, in words that it understands", async (t) => {
    const broker = await start(t);
    const asked = mqtt.connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
    await assert.rejects(asked, /Unacceptable protocol version/);
    await (await connectDevice(broker.url, { protocolVersion: 4 })).endAsync();
  });

  it("asks for the credentials it was given", async (t) => {
    const broker = await start(t, { credentials: { username: "device", password: "pässword" } });
    for (const credentials of [
      {},
      { username: "device" },
      { username: "device", password: "password" },
      { username: "other", password: "pässword" },
    ]) {
      const asked = mqtt.connectAsync(broker.url, { protocolVersion: 4, reconnectPeriod: 0, ...credentials });
      await assert.rejects(asked, /Bad username or password/);
    }
    const device = await connectDevice(broker.url, { username: "device", password: "pässword" });
    await device.endAsync();
  });

  it("lets clients talk to each other, as any broker does", async (t) => {
    const broker = await start(t);
    const [sender, receiver] = [await connectDevice(broker.url), await connectDevice(broker.url)];
    const received: string[] = [];
    receiver.on("message", (topic, payload) => received.push(`${topic} ${payload}`));
    await receiver.subscribeAsync("talk/+", { qos: 1 });
    await sender.publishAsync("talk/a", "hello", { qos: 2 });
    await until("received", () => received.length === 1);
    assert.deepEqual(received, ["talk/a hello"]);
    await Promise.all([sender.endAsync(), receiver.endAsync()]);
  });

  it("closes a connection that announces too large a packet, at once", async (t) => {
    const broker = await start(t, { maximumPacketBytes: 1_000 });
    assert.equal((await exchange(broker.status.port, Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))).length, 0);
    const started = Date.now();
    const answer = await exchange(broker.status.port, Buffer.concat([CONNECT, Buffer.from([0x30, 0xe9, 0x07, 0])]));
    assert.ok(answer.length <= 4 && Date.now() - started < 1_000);
    const device = await connectDevice(broker.url);
    await device.publishAsync("a", Buffer.alloc(900), { qos: 1 });
    await device.endAsync();
  });

  it("takes no more connections than it may", async (t) => {
    const broker = await start(t, { maximumConnections: 3 });
    const devices = await Promise.all([1, 2, 3].map(() => connectDevice(broker.url)));
    assert.equal((await exchange(broker.status.port, CONNECT)).length, 0);
    assert.equal(broker.status.connections, 3);
    await Promise.all(devices.map((device) => device.endAsync()));
  });

  it("keeps a bounded number of messages for a subscriber that is away", async (t) => {
    const broker = await start(t, { maximumQueuedMessages: 10 });
    const session = { clean: false, clientId: "away" };
    const away = await connectDevice(broker.url, session);
    await away.subscribeAsync("a", { qos: 1 });
    await away.endAsync();
    const sender = await connectDevice(broker.url);
    for (let index = 0; index < 25; index++) await sender.publishAsync("a", `${index}`, { qos: 1 });
    await until("dropped", () => broker.status.dropped === 15);
    const texts: string[] = [];
    const back = mqtt.connect(broker.url, { protocolVersion: 4, ...session });
    back.on("message", (_topic, payload) => texts.push(payload.toString()));
    await until("received", () => texts.length === 10);
    await delay(50);
    await sender.publishAsync("a", "new", { qos: 1 });
    await until("there is room again", () => texts.includes("new"));
    assert.deepEqual(
      texts.slice(0, 10),
      Array.from({ length: 10 }, (_, index) => `${index}`),
    );
    await Promise.all([back.endAsync(), sender.endAsync()]);
  });

  it("keeps a bounded number of retained messages", async (t) => {
    const broker = await start(t, { maximumRetainedTopics: 3 });
    const device = await connectDevice(broker.url);
    for (const topic of ["a", "b", "c", "d", "a"]) await device.publishAsync(topic, topic, { qos: 1, retain: true });
    await device.publishAsync("b", "", { qos: 1, retain: true });
    await device.publishAsync("e", "e", { qos: 1, retain: true });
    assert.equal(broker.status.dropped, 1);
    const topics: string[] = [];
    device.on("message", (topic) => topics.push(topic));
    await device.subscribeAsync("#", { qos: 1 });
    await until("retained", () => topics.length === 3);
    assert.deepEqual(topics.sort(), ["a", "c", "e"]);
    await device.endAsync();
  });

  it("stops with connections open, of which some never said who they are", async (t) => {
    const broker = await start(t);
    const device = await connectDevice(broker.url, { reconnectPeriod: 0 });
    const silent = connect(broker.status.port, "127.0.0.1");
    silent.on("error", () => {});
    await once(silent, "connect");
    await broker.stop();
    assert.equal(broker.status.listening, false);
    await until("both closed", () => silent.destroyed && !device.connected);
    await device.endAsync(true);
  });
});
