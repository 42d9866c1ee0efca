/** Cutting the stream into packets: however it is chunked, whatever is announced. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MalformedPacket, PacketReader, PacketTooLarge } from "../../packages/adapters/mqtt/src/packet-reader.ts";

const frame = (type: number, body: Uint8Array): Buffer => {
  const header = [type << 4];
  let rest = body.length;
  do {
    header.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), body]);
};

const collecting = (maximumBytes = 1_000_000, room: () => boolean = () => true) => {
  const packets: Buffer[] = [];
  const reader = new PacketReader(maximumBytes, {
    packet: (buffer, start, body, end) => {
      assert.ok(start < body && body <= end && end <= buffer.length);
      packets.push(Buffer.from(buffer.subarray(start, end)));
      return room();
    },
  });
  return { reader, packets };
};

const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 60 });

function* chunked(stream: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    if (at >= stream.length) return;
    yield stream.subarray(at, at + size);
    at += size;
  }
  if (at < stream.length) yield stream.subarray(at);
}

describe("packet reader", () => {
  it("finds the same packets in any chunks", () => {
    fc.assert(
      fc.property(bodies, cuts, (contents, sizes) => {
        const frames = contents.map((body, index) => frame((index % 14) + 1, body));
        const { reader, packets } = collecting();
        for (const chunk of chunked(Buffer.concat(frames), sizes)) reader.write(chunk);
        assert.deepEqual(packets, frames);
      }),
    );
  });

  it("loses and repeats nothing when it is held back after any packet", () => {
    fc.assert(
      fc.property(bodies, cuts, fc.infiniteStream(fc.boolean()), (contents, sizes, rooms) => {
        const frames = contents.map((body) => frame(3, body));
        const { reader, packets } = collecting(1_000_000, () => rooms.next().value as boolean);
        for (const chunk of chunked(Buffer.concat(frames), sizes)) {
          reader.write(chunk);
          if (reader.holding) reader.resume();
        }
        while (reader.holding) reader.resume();
        assert.deepEqual(packets, frames);
      }),
    );
  });

  it("takes packets at the borders of the length encoding", () => {
    for (const length of [0, 127, 128, 16_383, 16_384, 70_000]) {
      const whole = frame(3, Buffer.alloc(length, 7));
      const { reader, packets } = collecting();
      for (const byte of whole.subarray(0, 6)) reader.write(Buffer.from([byte]));
      reader.write(whole.subarray(6));
      assert.deepEqual(packets, [whole.subarray(0)], `${length}`);
    }
  });

  it("refuses a packet that is too large as soon as it is announced", () => {
    const { reader } = collecting(1_000);
    assert.throws(() => reader.write(frame(9, Buffer.alloc(1_000)).subarray(0, 3)), PacketTooLarge);
    const exact = collecting(1_000);
    exact.reader.write(frame(9, Buffer.alloc(997)));
    assert.equal(exact.packets.length, 1);
  });

  it("cuts a PUBLISH that is too large, in any chunks and however it is held", () => {
    fc.assert(
      fc.property(bodies, cuts, fc.infiniteStream(fc.boolean()), (contents, sizes, rooms) => {
        const frames = contents.map((body) => frame(3, body));
        const { reader, packets } = collecting(100, () => rooms.next().value as boolean);
        for (const chunk of chunked(Buffer.concat(frames), sizes)) {
          reader.write(chunk);
          if (reader.holding) reader.resume();
        }
        while (reader.holding) reader.resume();
        assert.deepEqual(
          packets,
          frames.map((whole) => whole.subarray(0, 100)),
        );
      }),
    );
  });

  it("refuses a length of five bytes [MQTT-1.5.5-1]", () => {
    const { reader } = collecting();
    assert.throws(() => reader.write(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 1])), MalformedPacket);
  });

  it("takes a megabyte in single bytes in the memory of a megabyte", () => {
    const { reader, packets } = collecting(2_000_000);
    const whole = frame(3, Buffer.alloc(1_000_000, 1));
    const before = process.memoryUsage();
    for (let at = 0; at < whole.length - 1; at++) reader.write(whole.subarray(at, at + 1));
    const now = process.memoryUsage();
    assert.ok(now.arrayBuffers - before.arrayBuffers < 3_000_000);
    reader.write(whole.subarray(whole.length - 1));
    assert.deepEqual(packets, [whole]);
  });
});
