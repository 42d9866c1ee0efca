/** Publishing while the broker is there, while it is away, and when it comes back. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Mosquitto, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";
import { TcpLink } from "../support/tcp-link.ts";
import {
  isConnected,
  isIdle,
  makeDirectory,
  message,
  openPublisher,
  protocolVersions,
  Subscriber,
  versionName,
} from "./support.ts";

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

for (const protocolVersion of protocolVersions) {
  describe(`publisher over ${versionName(protocolVersion)}`, () => {
    let broker: Mosquitto;
    let link: TcpLink;
    before(async () => {
      if (!mosquittoProgram) return;
      broker = await startMosquitto();
      link = await TcpLink.open(() => broker.port);
    });
    after(async () => {
      await link?.close();
      await broker?.stop();
    });

    it("delivers a message whole: topic, bytes of all values, QoS, retain flag, properties", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const subscriber = await Subscriber.open(t, broker.url, "whole/#");
      const { publisher } = await openPublisher(t, {
        url: broker.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      await isConnected(publisher);
      const payload = Uint8Array.from({ length: 256 }, (_, value) => value);
      const properties = {
        messageExpiryInterval: 600,
        contentType: "application/octet-stream",
        responseTopic: "answers/here",
        correlationData: { encoding: "base64", data: "AAEC/w==" },
        userProperties: [
          ["a", "1"],
          ["b", "2"],
          ["a", "3"],
        ],
      } as const;
      for (const qos of [0, 1, 2] as const) {
        const topic = `whole/ä/${qos}`;
        const receipt = await publisher.publish({
          topic,
          payload,
          qos,
          retain: qos === 1,
          properties: { ...properties, userProperties: properties.userProperties.map(([a, b]) => [a, b]) },
        });
        const { state } = await receipt.outcome;
        assert.equal(state, qos === 0 ? "sent" : "acknowledged");
      }
      await subscriber.has(3);
      for (const [qos, packet] of subscriber.packets.entries()) {
        assert.equal(packet.topic, `whole/ä/${qos}`);
        assert.deepEqual([...(packet.payload as Buffer)], [...payload]);
        assert.equal(packet.qos, qos);
        if (protocolVersion === 4) continue;
        const { properties: got = {} } = packet;
        assert.equal(got.contentType, properties.contentType);
        assert.equal(got.responseTopic, properties.responseTopic);
        assert.deepEqual([...(got.correlationData as Buffer)], [0, 1, 2, 255]);
        assert.deepEqual({ ...(got.userProperties as object) }, { a: ["1", "3"], b: "2" });
        assert.ok((got.messageExpiryInterval as number) > 590);
      }
      const late = await Subscriber.open(t, broker.url, "whole/#");
      await late.has(1);
      assert.deepEqual(
        late.packets.map(({ topic, retain }) => [topic, retain]),
        [["whole/ä/1", true]],
      );
      await publisher.publish({ topic: "whole/ä/1", payload: new Uint8Array(), retain: true });
      await isIdle(publisher);
    });

    it("sends QoS 0 straight out over a connection with nothing queued, and queues it without one", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const subscriber = await Subscriber.open(t, broker.url, "zero");
      const { publisher, queue } = await openPublisher(t, {
        url: link.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      await isConnected(publisher);
      await isIdle(publisher);
      assert.equal((await publisher.publish(message("zero", "now", { qos: 0 }))).state, "sent");
      assert.equal((await queue.statistics()).total, 0);
      await subscriber.has(1);
      await publisher.disconnect();
      const receipt = await publisher.publish(message("zero", "later", { qos: 0 }));
      assert.equal(receipt.state, "queued");
      assert.equal((await publisher.status()).waiting, 1);
      publisher.connect();
      assert.deepEqual(await receipt.outcome, { state: "sent" });
      await subscriber.has(2);
      assert.deepEqual(subscriber.texts, ["now", "later"]);
    });

    for (const qos of [0, 1, 2] as const) {
      it(`delivers what was queued offline once each and in order, at QoS ${qos}`, async (t) => {
        if (!requireService(t, "mosquitto", mosquittoProgram)) return;
        const subscriber = await Subscriber.open(t, broker.url, "offline");
        link.interrupt();
        const { publisher } = await openPublisher(t, {
          url: link.url,
          directory: await makeDirectory(t),
          protocolVersion,
        });
        for (const text of numbers(5)) {
          assert.equal((await publisher.publish(message("offline", text, { qos }))).state, "queued");
        }
        const { queue, waiting, connected } = await publisher.status();
        assert.deepEqual([queue.total, waiting, connected], [5, 5, false]);
        link.restore();
        await subscriber.has(5);
        await isIdle(publisher);
        await subscriber.settled();
        assert.deepEqual(subscriber.texts, numbers(5));
      });
    }

    it("lets nothing that is published live overtake what is queued", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const subscriber = await Subscriber.open(t, broker.url, "order");
      link.interrupt();
      const { publisher } = await openPublisher(t, {
        url: link.url,
        directory: await makeDirectory(t),
        protocolVersion,
        capacity: 10_000,
      });
      const count = 3_000;
      const qosOf = (number: number) => (number >= count / 2 && number % 7 === 0 ? 0 : 1);
      await Promise.all(numbers(count / 2).map((text) => publisher.publish(message("order", text))));
      link.restore();
      // Over the time in which the queue drains, and after it.
      for (let next = count / 2; next < count; next++) {
        const receipt = await publisher.publish(message("order", String(next), { qos: qosOf(next) }));
        if (next % 50 === 0) await receipt.outcome;
      }
      await subscriber.has(count);
      // Between levels of QoS MQTT promises no order: a broker whose window for the subscriber is full still sends QoS 0.
      for (const qos of [0, 1]) {
        const ofLevel = (texts: readonly string[]) => texts.filter((text) => qosOf(Number(text)) === qos);
        assert.deepEqual(ofLevel(subscriber.texts), ofLevel(numbers(count)));
      }
    });

    it("sends 10 before 5 before 1, and what is older first among equals", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const subscriber = await Subscriber.open(t, broker.url, "priority/#");
      link.interrupt();
      const { publisher } = await openPublisher(t, {
        url: link.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      for (const [index, priority] of [1, 5, 10, 10, 5, 1].entries()) {
        await publisher.publish(message(`priority/${index % 2}`, `${priority} ${index}`, { priority }));
      }
      const { queue } = await publisher.status();
      assert.deepEqual(Object.fromEntries(queue.byPriority), { 1: 2, 5: 2, 10: 2 });
      link.restore();
      await subscriber.has(6);
      assert.deepEqual(subscriber.texts, ["10 2", "10 3", "5 1", "5 4", "1 0", "1 5"]);
    });

    it("has QoS 1 and 2 in flight until they are acknowledged, QoS 0 never", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const { publisher, inFlight } = await openPublisher(t, {
        url: link.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      await isConnected(publisher);
      for (const qos of [0, 1, 2] as const) {
        const receipt = await publisher.publish(message("flight", "x", { qos }));
        await receipt.outcome;
      }
      const { sent, acknowledged, inFlight: now } = await publisher.status();
      assert.deepEqual([sent, acknowledged, now], [3, 2, 0]);
      assert.equal(await inFlight.count(publisher.name), 0);
    });

    it("does not connect again after a disconnect until it is told to", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const { publisher } = await openPublisher(t, {
        url: link.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      await isConnected(publisher);
      const before = link.connections;
      await publisher.disconnect();
      const receipt = await publisher.publish(message("clean", "x"));
      await new Promise((resolve) => setTimeout(resolve, 150));
      const { connected, currentBackoffSeconds, waiting } = await publisher.status();
      assert.deepEqual([connected, currentBackoffSeconds, waiting, link.connections], [false, 0, 1, before]);
      publisher.connect();
      assert.equal((await receipt.outcome).state, "acknowledged");
    });
  });
}
