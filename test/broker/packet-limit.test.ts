/** Following packets by their headers, in any chunks. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PacketSizes } from "../../packages/adapters/broker/src/packet-limit.ts";

const packet = (length: number): Buffer => {
  const header = [0x30];
  let rest = length;
  do {
    header.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, 0xff)]);
};

describe("packet sizes", () => {
  it("accepts what is within the limit and nothing else, however it is cut", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 2, max: 700 }), (sizes, cut, limit) => {
        const packets = sizes.map(packet);
        const stream = Buffer.concat(packets);
        const checker = new PacketSizes(limit);
        let accepted = true;
        for (let at = 0; at < stream.length && accepted; at += cut)
          accepted = checker.accept(stream.subarray(at, at + cut));
        assert.equal(
          accepted,
          packets.every(({ length }) => length <= limit),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a length of more than four bytes", () => {
    assert.equal(new PacketSizes(1_000_000_000).accept(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f])), false);
  });
});
