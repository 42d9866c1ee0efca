/** What is not delivered: refused, evicted, expired; and what cannot be stored at all. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidPublish, PublisherUnavailable, QueueUnavailable } from "@sluice/domain";
import { decodePublish } from "../../packages/adapters/mqtt/src/publish-packet.ts";
import { encodePublish, variableInteger } from "../../packages/adapters/mqtt/src/publish-writer.ts";
import { FakeBroker } from "../support/fake-broker.ts";
import { isConnected, isIdle, makeDirectory, message, openPublisher, until } from "./support.ts";

/** Nothing listens there. */
const NOWHERE = "mqtt://127.0.0.1:1";

describe("a full queue", () => {
  it("refuses a newcomer rather than evict a higher priority, and says so", async (t) => {
    const directory = await makeDirectory(t);
    const { publisher, lost, stop } = await openPublisher(t, { url: NOWHERE, directory, capacity: 3 });
    for (const text of ["a", "b", "c"]) await publisher.publish(message("high", text, { priority: 10 }));
    for (const text of ["x", "y", "z"]) {
      const receipt = await publisher.publish(message("low", text, { priority: 1 }));
      assert.equal(receipt.state, "refused");
      assert.match(receipt.reason as string, /the queue is full/);
      assert.equal((await receipt.outcome).state, "refused");
    }
    assert.deepEqual(
      lost.map(({ loss, topic, priority }) => [loss, topic, priority]),
      [1, 2, 3].map(() => ["refused", "low", 1]),
    );
    const { queue, lost: counted } = await publisher.status();
    assert.deepEqual(Object.fromEntries(queue.byPriority), { 10: 3 });
    assert.deepEqual(counted, { refused: 3, evicted: 0, rejected: 0, expired: 0 });
    await stop();
    const again = await openPublisher(t, { url: NOWHERE, directory, capacity: 3 });
    assert.equal((await again.publisher.status()).lost.refused, 3, "counted on disk");
  });

  it("evicts the lowest priority for a higher one, and tells who waits for it", async (t) => {
    const { publisher, lost } = await openPublisher(t, {
      url: NOWHERE,
      directory: await makeDirectory(t),
      capacity: 2,
    });
    const low = await publisher.publish(message("low", "x", { priority: 1 }));
    await publisher.publish(message("middle", "x"));
    const high = await publisher.publish(message("high", "x", { priority: 10 }));
    assert.deepEqual([high.state, high.evicted], ["queued", [low.id]]);
    assert.equal((await low.outcome).state, "evicted");
    assert.deepEqual(
      lost.map(({ loss, id, topic }) => [loss, id, topic]),
      [["evicted", low.id, "low"]],
    );
    assert.deepEqual(Object.fromEntries((await publisher.status()).queue.byPriority), { 5: 1, 10: 1 });
  });

  it("is not what is in flight: that can be neither evicted nor refused", async (t) => {
    const broker = await FakeBroker.start((packet, connection) => {
      if (packet.cmd === "connect") connection.send({ cmd: "connack", sessionPresent: false, reasonCode: 0 });
    });
    t.after(() => broker.stop());
    const { publisher, lost } = await openPublisher(t, {
      url: broker.url,
      directory: await makeDirectory(t),
      capacity: 1,
      maximumInFlight: 1,
    });
    await publisher.publish(message("a", "in flight", { priority: 1 }));
    await until("in flight", async () => (await publisher.status()).inFlight === 1);
    assert.equal((await publisher.publish(message("a", "waits", { priority: 1 }))).state, "queued");
    assert.equal((await publisher.publish(message("a", "higher"))).state, "queued");
    assert.deepEqual(lost.length, 1);
    assert.deepEqual([(await publisher.status()).inFlight, (await publisher.status()).waiting], [1, 1]);
  });
});

describe("messages that expire", () => {
  it("are not sent when their time is over, and are sent with the rest of it before", async (t) => {
    const intervals: unknown[] = [];
    const broker = await FakeBroker.start((packet, connection) => {
      if (packet.cmd === "connect") connection.send({ cmd: "connack", sessionPresent: false, reasonCode: 0 });
      if (packet.cmd !== "publish") return;
      intervals.push([packet.topic, packet.properties?.messageExpiryInterval]);
      connection.send({ cmd: "puback", messageId: packet.messageId as number });
    });
    t.after(() => broker.stop());
    let now = 1_700_000_000_000;
    const { publisher, lost } = await openPublisher(t, {
      url: broker.url,
      directory: await makeDirectory(t),
      clock: { now: () => now },
    });
    await publisher.disconnect();
    const short = await publisher.publish(message("short", "x", { properties: { messageExpiryInterval: 10 } }));
    await publisher.publish(message("long", "x", { properties: { messageExpiryInterval: 100 } }));
    now += 30_000;
    publisher.connect();
    assert.equal((await short.outcome).state, "expired");
    await isIdle(publisher);
    assert.deepEqual(intervals, [["long", 70]]);
    assert.deepEqual(
      lost.map(({ loss, topic }) => [loss, topic]),
      [["expired", "short"]],
    );
  });
});

describe("a message that cannot be taken", () => {
  it("is refused with all that is wrong with it", async (t) => {
    const { publisher } = await openPublisher(t, {
      url: NOWHERE,
      directory: await makeDirectory(t),
      maximumPayloadBytes: 10,
    });
    const bad = { topic: "a/+", payload: Buffer.alloc(11), priority: 1.5, properties: { responseTopic: "" } };
    await assert.rejects(publisher.publish(bad), (error) => {
      assert.ok(error instanceof InvalidPublish);
      assert.deepEqual(
        error.errors.map(({ pointer, keyword }) => [pointer, keyword]),
        [
          ["/topic", "topic"],
          ["/payload", "size"],
          ["/priority", "range"],
          ["/properties/responseTopic", "topic"],
        ],
      );
      return true;
    });
    for (const topic of ["", "a\0b", "\ud800", "x".repeat(65_536), "#"]) {
      await assert.rejects(publisher.publish(message(topic, "x")), InvalidPublish, JSON.stringify(topic.slice(0, 9)));
    }
    assert.equal((await publisher.status()).waiting, 0);
  });

  it("is not taken when the disk does not take it, and the publisher goes on when it does again", async (t) => {
    const { publisher, queue } = await openPublisher(t, { url: NOWHERE, directory: await makeDirectory(t) });
    await publisher.publish(message("a", "1"));
    const commit = queue.commit.bind(queue);
    queue.commit = () => Promise.reject(new QueueUnavailable("the queue's database: database or disk is full"));
    await assert.rejects(publisher.publish(message("a", "2")), (error) => {
      assert.ok(error instanceof PublisherUnavailable);
      assert.match(error.message, /disk is full/);
      return true;
    });
    queue.commit = commit;
    assert.equal((await publisher.publish(message("a", "3"))).state, "queued");
    assert.equal((await publisher.status()).waiting, 2);
  });

  it("is not sent as long as the disk does not take that it is", async (t) => {
    const seen: string[] = [];
    const broker = await FakeBroker.start((packet, connection) => {
      if (packet.cmd === "connect") connection.send({ cmd: "connack", sessionPresent: true, reasonCode: 0 });
      if (packet.cmd !== "connect") seen.push(`${packet.cmd} ${packet.messageId}`);
      if (packet.cmd === "publish") connection.send({ cmd: "pubrec", messageId: packet.messageId as number });
      if (packet.cmd === "pubrel") connection.send({ cmd: "pubcomp", messageId: packet.messageId as number });
    });
    t.after(() => broker.stop());
    const { publisher, inFlight } = await openPublisher(t, {
      url: broker.url,
      directory: await makeDirectory(t),
      environment: {
        after: (ms, task) =>
          (
            (timer) => () =>
              clearTimeout(timer)
          )(setTimeout(task, ms / 50)),
      },
    });
    await isConnected(publisher);
    await isIdle(publisher);
    const full = () => Promise.reject(new QueueUnavailable("the queue's database: database or disk is full"));
    const { add, receive } = inFlight;
    inFlight.add = full;
    const receipt = await publisher.publish(message("a", "x", { qos: 2 }));
    assert.equal(receipt.state, "queued");
    await until("the error shows", async () => /disk is full/.test((await publisher.status()).lastError ?? ""));
    assert.deepEqual(seen, []);
    inFlight.receive = full;
    inFlight.add = add;
    await until("PUBLISH", () => seen.length > 0);
    await until("the error shows", async () => /disk is full/.test((await publisher.status()).lastError ?? ""));
    assert.deepEqual(seen, ["publish 1"]);
    inFlight.receive = receive;
    assert.equal((await receipt.outcome).state, "acknowledged");
    assert.deepEqual(seen, ["publish 1", "pubrel 1"]);
    assert.equal((await publisher.status()).lastError, null);
  });
});

describe("a connection that takes no more", () => {
  it("makes QoS 0 wait in the queue, where nothing of it is lost", async (t) => {
    const topics: string[] = [];
    let paused = true;
    const broker = await FakeBroker.start((packet, connection) => {
      if (packet.cmd === "connect") {
        connection.send({ cmd: "connack", sessionPresent: false, reasonCode: 0 });
        if (paused) connection.socket.pause();
      }
      if (packet.cmd === "publish") topics.push(packet.topic);
    });
    t.after(() => broker.stop());
    const { publisher } = await openPublisher(t, { url: broker.url, directory: await makeDirectory(t) });
    await isConnected(publisher);
    await isIdle(publisher);
    const payload = "x".repeat(1024 * 1024);
    const states: string[] = [];
    for (let n = 0; n < 20; n++) states.push((await publisher.publish(message(`${n}`, payload, { qos: 0 }))).state);
    assert.equal(states[0], "sent");
    assert.equal(states.at(-1), "queued");
    paused = false;
    broker.connections[0]?.socket.resume();
    await until("all", () => topics.length === 20);
    assert.deepEqual(
      topics,
      states.map((_, n) => `${n}`),
    );
  });
});

describe("PUBLISH as it is written", () => {
  it("is what is read again, whatever is in it", () => {
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 4_294_967_295,
      contentType: "text/plain",
      responseTopic: "ä/b",
      correlationData: { encoding: "base64" as const, data: "/w==" },
      userProperties: [
        ["__proto__", "1"],
        ["b", "2"],
        ["__proto__", "3"],
      ] as [string, string][],
    };
    for (const size of [0, 1, 100, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      for (const qos of [0, 1, 2] as const) {
        const payload = Buffer.alloc(size, 7);
        const sent = { topic: "a/ä", payload, qos, retain: qos === 1, properties };
        const packetId = qos === 0 ? 0 : 65_535;
        const bytes = encodePublish({ message: sent, packetId, dup: qos === 2 }, 5);
        const body = 1 + variableInteger(bytes.length - 1 - variableInteger(bytes.length).length).length;
        const read = decodePublish(bytes, 0, body, bytes.length, 0, 5);
        assert.deepEqual([read.topic, read.qos, read.retain, read.dup], ["a/ä", qos, qos === 1, qos === 2]);
        assert.equal(read.packetId, packetId);
        assert.ok(read.payload.equals(payload));
        assert.deepEqual(read.properties, properties);
      }
    }
  });
});
