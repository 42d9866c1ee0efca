/** The handshakes of QoS 1 and 2 across lost connections and restarts, against a broker that says exactly when. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { SqliteInFlightStore } from "@sluice/adapter-sqlite";
import type { IPublishPacket, Packet } from "mqtt-packet";
import { FakeBroker, type FakeConnection } from "../support/fake-broker.ts";
import {
  isConnected,
  isIdle,
  makeDirectory,
  message,
  openPublisher,
  protocolVersions,
  until,
  versionName,
} from "./support.ts";

interface Script {
  sessionPresent: boolean;
  properties?: { receiveMaximum?: number; maximumPacketSize?: number; maximumQoS?: number; retainAvailable?: boolean };
  /** What is done with a packet instead of the usual. */
  on: (packet: Packet, connection: FakeConnection) => boolean;
}

/** A broker that keeps the session from the second connection on, and answers everything unless the script does. */
const startScripted = async (t: TestContext) => {
  const script: Script = { sessionPresent: false, on: () => false };
  const received: Packet[] = [];
  const broker = await FakeBroker.start((packet, connection) => {
    if (packet.cmd === "publish" || packet.cmd === "pubrel") received.push(packet);
    if (script.on(packet, connection)) return;
    const { messageId } = packet;
    if (packet.cmd === "connect") {
      const { sessionPresent, properties } = script;
      const more = properties && connection.protocolVersion === 5 ? { properties } : {};
      connection.send({ cmd: "connack", sessionPresent, reasonCode: 0, returnCode: 0, ...more });
      if (!packet.clean || connection.protocolVersion === 5) script.sessionPresent = true;
    } else if (packet.cmd === "publish" && packet.qos === 1)
      connection.send({ cmd: "puback", messageId: messageId as number });
    else if (packet.cmd === "publish" && packet.qos === 2)
      connection.send({ cmd: "pubrec", messageId: messageId as number });
    else if (packet.cmd === "pubrel") connection.send({ cmd: "pubcomp", messageId: messageId as number });
    else if (packet.cmd === "pingreq") connection.send({ cmd: "pingresp" });
  });
  t.after(() => broker.stop());
  /** `publish 1 dup text` and `pubrel 1`, in the order in which they came. */
  const seen = () =>
    received.map((packet) => {
      if (packet.cmd !== "publish") return `${packet.cmd} ${packet.messageId}`;
      const { messageId, dup, payload } = packet as IPublishPacket;
      return `publish ${messageId}${dup ? " dup" : ""} ${payload}`;
    });
  return { broker, script, seen };
};

for (const protocolVersion of protocolVersions) {
  describe(`handshakes over ${versionName(protocolVersion)}`, () => {
    for (const again of ["a lost connection", "a restart"] as const) {
      const setUp = async (t: TestContext) => {
        const scripted = await startScripted(t);
        const options = { url: scripted.broker.url, directory: await makeDirectory(t), protocolVersion };
        let opened = await openPublisher(t, options);
        await isConnected(opened.publisher);
        const comeBack = async () => {
          if (again === "a restart") {
            await opened.stop();
            opened = await openPublisher(t, options);
          } else scripted.broker.connections.at(-1)?.socket.destroy();
        };
        return { ...scripted, publisher: opened.publisher, current: () => opened, comeBack };
      };

      it(`sends PUBREL and not PUBLISH after ${again} when the broker has said PUBREC`, async (t) => {
        const { script, seen, publisher, current, comeBack } = await setUp(t);
        script.on = ({ cmd }) => cmd === "pubrel";
        await publisher.publish(message("a", "x", { qos: 2 }));
        await until("a PUBREL", () => seen().length === 2);
        script.on = () => false;
        await comeBack();
        await isIdle(current().publisher);
        assert.deepEqual(seen(), ["publish 1 x", "pubrel 1", "pubrel 1"]);
        assert.equal(await current().inFlight.count("default"), 0);
      });

      it(`sends PUBLISH again as it was after ${again} when there was no PUBREC`, async (t) => {
        const { script, seen, publisher, current, comeBack } = await setUp(t);
        script.on = ({ cmd }) => cmd === "publish";
        for (const text of ["x", "y"]) await publisher.publish(message("a", text, { qos: 2 }));
        await until("both", () => seen().length === 2);
        script.on = () => false;
        await comeBack();
        await isIdle(current().publisher);
        const first = ["publish 1 x", "publish 2 y", "publish 1 dup x", "publish 2 dup y"];
        assert.deepEqual(seen(), [...first, "pubrel 1", "pubrel 2"]);
      });

      it(`sends PUBLISH of QoS 1 again after ${again} without PUBACK, before anything newer`, async (t) => {
        const { script, seen, publisher, current, comeBack } = await setUp(t);
        script.on = ({ cmd }) => cmd === "publish";
        await publisher.publish(message("a", "old"));
        await until("it", () => seen().length === 1);
        script.on = ({ cmd }) => cmd === "connect";
        await comeBack();
        await until("gone", async () => !(await current().publisher.status()).connected);
        await current().publisher.publish(message("a", "new", { priority: 10 }));
        script.on = () => false;
        await current().publisher.disconnect();
        current().publisher.connect();
        await isIdle(current().publisher);
        assert.deepEqual(seen(), ["publish 1 old", "publish 1 dup old", "publish 2 new"]);
      });

      it(`publishes anew, without DUP, after ${again} when the broker has lost the session`, async (t) => {
        const { script, seen, publisher, current, comeBack } = await setUp(t);
        script.on = ({ cmd }) => cmd === "pubrel";
        await publisher.publish(message("a", "x", { qos: 2 }));
        await until("a PUBREL", () => seen().length === 2);
        script.on = () => false;
        script.sessionPresent = false;
        await comeBack();
        await isIdle(current().publisher);
        assert.deepEqual(seen(), ["publish 1 x", "pubrel 1", "publish 1 x", "pubrel 1"]);
      });
    }

    it("has on disk what is sent before it is sent, and the PUBREC before the PUBREL", async (t) => {
      const { broker, script } = await startScripted(t);
      const directory = await makeDirectory(t);
      const { publisher } = await openPublisher(t, { url: broker.url, directory, protocolVersion });
      const store = new SqliteInFlightStore({ path: `${directory}/publish.db` });
      await store.start();
      t.after(() => store.stop());
      const onDisk: unknown[] = [];
      script.on = (packet) => {
        if (packet.cmd !== "publish" && packet.cmd !== "pubrel") return false;
        void store.all("default").then((all) => onDisk.push([packet.cmd, ...all.map(({ received }) => received)]));
        return false;
      };
      const receipt = await publisher.publish(message("a", "x", { qos: 2 }));
      assert.deepEqual(await receipt.outcome, { state: "acknowledged", reasonCode: 0 });
      assert.deepEqual(onDisk, [
        ["publish", false],
        ["pubrel", true],
      ]);
    });

    it("begins a session anew that it knows nothing of", async (t) => {
      const { broker, script } = await startScripted(t);
      script.sessionPresent = true;
      const cleans: unknown[] = [];
      script.on = (packet, connection) => {
        if (packet.cmd !== "connect") return false;
        cleans.push(packet.clean);
        script.sessionPresent = !packet.clean && cleans.length > 2;
        assert.equal(connection.protocolVersion, protocolVersion);
        return false;
      };
      const options = { url: broker.url, directory: await makeDirectory(t), protocolVersion };
      const first = await openPublisher(t, options);
      await isConnected(first.publisher);
      const receipt = await first.publisher.publish(message("a", "x", { qos: 2 }));
      assert.equal((await receipt.outcome).state, "acknowledged");
      await first.stop();
      const second = await openPublisher(t, options);
      await isConnected(second.publisher);
      await second.stop();
      assert.deepEqual(cleans, protocolVersion === 5 ? [true, false] : [true, false, false]);
      // The same queue with another client id: another session.
      const other = await openPublisher(t, { ...options, clientId: "other" });
      await isConnected(other.publisher);
      assert.equal(cleans[protocolVersion === 5 ? 2 : 3], true);
    });

    it("answers a PUBREC that it knows nothing of, so that the broker lets go", async (t) => {
      const { broker, script, seen } = await startScripted(t);
      const options = { url: broker.url, directory: await makeDirectory(t), protocolVersion };
      const { publisher } = await openPublisher(t, options);
      await isConnected(publisher);
      await isIdle(publisher);
      const receipt = await publisher.publish(message("a", "x"));
      await receipt.outcome;
      script.on = ({ cmd }) => cmd === "pubrel";
      broker.connections.at(-1)?.send({ cmd: "pubrec", messageId: 77 });
      await until("a PUBREL", () => seen().includes("pubrel 77"));
    });
  });
}

describe("the broker's limits", () => {
  const numbers = Array.from({ length: 20 }, (_, index) => String(index));

  for (const qos of [1, 2] as const) {
    it(`has no more in flight than the receive maximum at QoS ${qos}, also when it sends again`, async (t) => {
      const { broker, script, seen } = await startScripted(t);
      script.properties = { receiveMaximum: 3 };
      const { publisher } = await openPublisher(t, { url: broker.url, directory: await makeDirectory(t) });
      const unanswered = new Set<number>();
      let most = 0;
      script.on = (packet, connection) => {
        if (packet.cmd === "connect") unanswered.clear();
        if (packet.cmd !== "publish" && packet.cmd !== "pubrel") return false;
        const messageId = packet.messageId as number;
        unanswered.add(messageId);
        most = Math.max(most, unanswered.size);
        if (packet.cmd === "publish" && qos === 2) return false;
        if (seen().length === 9) connection.socket.destroy();
        else {
          setTimeout(() => {
            if (connection.socket.destroyed) return;
            unanswered.delete(messageId);
            connection.send({ cmd: qos === 1 ? "puback" : "pubcomp", messageId });
          });
        }
        return true;
      };
      const receipts = await Promise.all(numbers.map((text) => publisher.publish(message("a", text, { qos }))));
      for (const { outcome } of receipts) assert.equal((await outcome).state, "acknowledged");
      assert.equal(most, 3);
    });
  }

  it("refuses what the broker does not take, and goes on with the rest", async (t) => {
    const { broker, script, seen } = await startScripted(t);
    script.properties = { maximumPacketSize: 200, maximumQoS: 1, retainAvailable: false };
    const { publisher, lost } = await openPublisher(t, { url: broker.url, directory: await makeDirectory(t) });
    await isConnected(publisher);
    const receipts = await Promise.all([
      publisher.publish(message("large", "x".repeat(300))),
      publisher.publish(message("two", "x", { qos: 2 })),
      publisher.publish(message("kept", "x", { retain: true })),
      publisher.publish(message("kept", "x", { retain: true, qos: 0 })),
      publisher.publish(message("good", "x")),
    ]);
    const outcomes = await Promise.all(receipts.map(({ outcome }) => outcome));
    assert.deepEqual(
      outcomes.map(({ state }) => state),
      ["rejected", "rejected", "rejected", "rejected", "acknowledged"],
    );
    assert.deepEqual(seen(), ["publish 5 x"]);
    assert.deepEqual(
      lost.map(({ loss, topic, reason }) => [loss, topic, reason]),
      [
        ["rejected", "large", "its packet has 313 bytes, the broker takes 200 [MQTT-3.2.2-15]"],
        ["rejected", "two", "the broker takes no QoS above 1 [MQTT-3.2.2-11]"],
        ["rejected", "kept", "the broker keeps no retained messages [MQTT-3.2.2-14]"],
        ["rejected", "kept", "the broker keeps no retained messages [MQTT-3.2.2-14]"],
      ],
    );
    assert.equal((await publisher.status()).lost.rejected, 4);
  });

  it("tells of a PUBACK or PUBREC with a reason against, and gives the packet identifier free", async (t) => {
    const { broker, script, seen } = await startScripted(t);
    const { publisher, lost, inFlight } = await openPublisher(t, {
      url: broker.url,
      directory: await makeDirectory(t),
    });
    await isConnected(publisher);
    script.on = (packet, connection) => {
      if (packet.cmd !== "publish") return false;
      const messageId = packet.messageId as number;
      if (packet.qos === 1) connection.send({ cmd: "puback", messageId, reasonCode: 0x87 });
      else connection.send({ cmd: "pubrec", messageId, reasonCode: 0x97 });
      return true;
    };
    const one = await publisher.publish(message("a", "x"));
    const two = await publisher.publish(message("a", "y", { qos: 2 }));
    assert.deepEqual(await one.outcome, {
      state: "rejected",
      reason: "the broker does not take it: not authorized",
    });
    assert.deepEqual(await two.outcome, { state: "rejected", reason: "the broker does not take it: quota exceeded" });
    assert.deepEqual(seen(), ["publish 1 x", "publish 2 y"]);
    assert.equal(await inFlight.count("default"), 0);
    assert.deepEqual(
      lost.map(({ id }) => id),
      [one.id, two.id],
    );
  });

  it("tells a subscriber's absence from a success", async (t) => {
    const { broker, script } = await startScripted(t);
    const { publisher } = await openPublisher(t, { url: broker.url, directory: await makeDirectory(t) });
    script.on = (packet, connection) => {
      if (packet.cmd !== "publish") return false;
      connection.send({ cmd: "puback", messageId: packet.messageId as number, reasonCode: 16 });
      return true;
    };
    const receipt = await publisher.publish(message("a", "x"));
    assert.deepEqual(await receipt.outcome, { state: "acknowledged", reasonCode: 16 });
  });
});
