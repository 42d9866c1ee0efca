/** Decoding PUBLISH: what another implementation encodes is read back; nothing else than MalformedPacket is thrown. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import mqttPacket, { type IPublishPacket } from "mqtt-packet";
import { MalformedPacket, PacketReader } from "../../packages/adapters/mqtt/src/packet-reader.ts";
import { decodePublish, type PublishPacket } from "../../packages/adapters/mqtt/src/publish-packet.ts";

const decodeAll = (stream: Buffer, protocolVersion: 4 | 5): PublishPacket[] => {
  const packets: PublishPacket[] = [];
  const reader = new PacketReader(1_000_000, {
    packet: (buffer, start, body, end, cut) => {
      packets.push(decodePublish(buffer, start, body, end, cut, protocolVersion));
      return true;
    },
  });
  reader.write(stream);
  return packets;
};

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((value) => !/[\0+#]/.test(value));
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const publish = fc.record({
  topic: text,
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  qos,
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 65_535 }),
});
const properties = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    messageExpiryInterval: fc.integer({ min: 1, max: 4_294_967_295 }),
    contentType: text,
    responseTopic: text,
    correlationData: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
    userProperties: fc.dictionary(text, text, { minKeys: 1, maxKeys: 3 }),
  },
  { requiredKeys: [] },
);

const encode = (packet: Partial<IPublishPacket>, protocolVersion: 4 | 5): Buffer =>
  mqttPacket.generate({ cmd: "publish", ...packet } as IPublishPacket, { protocolVersion });

describe("PUBLISH", () => {
  for (const version of [4, 5] as const) {
    it(`reads what mqtt-packet writes, MQTT ${version === 5 ? "5" : "3.1.1"}`, () => {
      fc.assert(
        fc.property(fc.array(publish, { minLength: 1, maxLength: 5 }), (packets) => {
          const decoded = decodeAll(Buffer.concat(packets.map((packet) => encode(packet, version))), version);
          assert.deepEqual(
            decoded.map(({ payload, ...rest }) => ({ ...rest, payload: Buffer.from(payload) })),
            packets.map(({ messageId, ...rest }) => ({
              ...rest,
              packetId: rest.qos === 0 ? 0 : messageId,
              payloadLength: rest.payload.length,
              properties: undefined,
              subscriptionIdentifiers: [],
            })),
          );
        }),
      );
    });
  }

  it("reads the properties that mqtt-packet writes", () => {
    fc.assert(
      fc.property(publish, properties, (packet, given) => {
        const [decoded] = decodeAll(encode({ ...packet, properties: given }, 5), 5);
        const { subscriptionIdentifier, correlationData, userProperties, ...plain } = given;
        const expected = {
          ...plain,
          ...(userProperties === undefined ? {} : { userProperties: Object.entries(userProperties) }),
        };
        const { correlationData: encoded, ...read } = decoded?.properties ?? {};
        assert.deepEqual(read, expected);
        assert.deepEqual(
          encoded === undefined ? undefined : Buffer.from(encoded.data, encoded.encoding),
          correlationData,
        );
        assert.deepEqual(
          decoded?.subscriptionIdentifiers,
          subscriptionIdentifier === undefined ? [] : [subscriptionIdentifier],
        );
        assert.deepEqual(Buffer.from(decoded?.payload ?? []), packet.payload);
      }),
    );
  });

  it("says Malformed Packet of anything else, and throws nothing else", () => {
    const mutations = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(publish, properties, mutations, fc.nat(400), (packet, given, changes, length) => {
        const bytes = encode({ ...packet, properties: given }, 5);
        for (const [at, value] of changes) if (at > 1 && at < bytes.length) bytes[at] = value;
        const end = Math.min(bytes.length, Math.max(length, 2));
        try {
          decodePublish(bytes, 0, bytes.length > 129 ? 3 : 2, end, 0, 5);
        } catch (error) {
          assert.ok(error instanceof MalformedPacket, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  const malformed: [string, number[]][] = [
    ["QoS 3", [0x36, 5, 0, 1, 97, 0, 1]],
    ["an empty topic", [0x30, 2, 0, 0]],
    ["a topic longer than the packet", [0x30, 3, 0, 9, 97]],
    ["packet identifier 0", [0x32, 5, 0, 1, 97, 0, 0]],
    ["no packet identifier", [0x32, 3, 0, 1, 97]],
    ["nothing", [0x30, 0]],
  ];
  for (const [name, bytes] of malformed) {
    it(`refuses ${name}`, () => {
      assert.throws(() => decodeAll(Buffer.from(bytes), 4), MalformedPacket);
    });
  }

  it("refuses a topic alias, for which nobody asked, and properties that have no place here", () => {
    for (const property of [
      [0x23, 0, 1],
      [0x21, 0, 1],
      [0x7f, 1],
    ]) {
      const bytes = [0x30, 4 + property.length, 0, 1, 97, property.length, ...property];
      assert.throws(() => decodeAll(Buffer.from(bytes), 5), MalformedPacket);
    }
  });

  it("gives a topic that is no valid UTF-8, or against the rules, as it can", () => {
    const [wild] = decodeAll(Buffer.from([0x30, 5, 0, 3, 43, 47, 35]), 4);
    assert.equal(wild?.topic, "+/#");
    const [broken] = decodeAll(Buffer.from([0x30, 4, 0, 2, 97, 0xff]), 4);
    assert.equal(broken?.topic, "a�");
  });
});
