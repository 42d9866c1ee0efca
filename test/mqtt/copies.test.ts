/** One message sent several times because several filters match, against several messages that are equal. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Copies } from "../../packages/adapters/mqtt/src/copies.ts";
import type { PublishPacket } from "../../packages/adapters/mqtt/src/publish-packet.ts";

const sent = (subscriptionIdentifiers: readonly number[], change: Partial<PublishPacket> = {}): PublishPacket => ({
  topic: "a/b",
  payload: Buffer.from("21.5"),
  payloadLength: 4,
  qos: 1,
  retain: false,
  dup: false,
  packetId: 1,
  properties: undefined,
  subscriptionIdentifiers,
  ...change,
});

const yielded = (packets: readonly PublishPacket[]): boolean[] => {
  const copies = new Copies();
  return packets.map((packet) => !copies.isCopy(packet, 0));
};

describe("copies of a message", () => {
  it("for other subscriptions are one message", () => {
    assert.deepEqual(yielded([sent([1]), sent([2]), sent([3])]), [true, false, false]);
  });

  it("for the same subscription are messages of their own", () => {
    assert.deepEqual(yielded([sent([1]), sent([1]), sent([1])]), [true, true, true]);
    assert.deepEqual(yielded([sent([1]), sent([2]), sent([1]), sent([2])]), [true, false, true, false]);
    assert.deepEqual(yielded([sent([1, 2]), sent([1, 2])]), [true, true]);
  });

  it("without an identifier are messages of their own", () => {
    assert.deepEqual(yielded([sent([]), sent([]), sent([1]), sent([])]), [true, true, true, true]);
  });

  it("are equal in everything that was published", () => {
    const changes: Partial<PublishPacket>[] = [
      { topic: "a/c" },
      { payload: Buffer.from("21.6") },
      { payloadLength: 5 },
      { retain: true },
      { properties: { contentType: "text/plain" } },
    ];
    for (const change of changes) assert.deepEqual(yielded([sent([1]), sent([2], change)]), [true, true]);
  });

  it("may differ in QoS and in the time left to live", () => {
    const first = sent([1], { qos: 0, packetId: 0, properties: { contentType: "a", messageExpiryInterval: 9 } });
    const second = sent([2], { qos: 2, properties: { contentType: "a", messageExpiryInterval: 8 } });
    assert.deepEqual(yielded([first, second]), [true, false]);
  });

  it("come one after the other, and soon", () => {
    const copies = new Copies();
    assert.equal(copies.isCopy(sent([1]), 0), false);
    assert.equal(copies.isCopy(sent([2]), 1_000), false);
    assert.deepEqual(yielded([sent([1]), sent([3], { topic: "x" }), sent([2])]), [true, true, true]);
  });

  it("are not looked for across a change of subscriptions", () => {
    const copies = new Copies();
    assert.equal(copies.isCopy(sent([1]), 0), false);
    copies.reset();
    assert.equal(copies.isCopy(sent([2]), 0), false);
  });
});
