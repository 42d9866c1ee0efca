/** Canonical JSON made of text without parsing it: the same as of the parsed value, or nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CANNOT_TELL, CanonicalBytes, canonicalJson } from "@sluice/domain";
import fc from "fast-check";

const canonical = new CanonicalBytes();
/** Null where it cannot tell. */
const made = (text: string): string | null => {
  const input = Buffer.from(text);
  canonical.at = 0;
  canonical.reserve(input.length);
  const end = canonical.value(input, 0);
  if (end === CANNOT_TELL) return null;
  assert.equal(end, input.length);
  return Buffer.from(canonical.out.subarray(0, canonical.at)).toString();
};

describe("canonical JSON of JSON text", () => {
  it("is that of the parsed value, whatever JSON.stringify wrote", () => {
    let told = 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        const result = made(text);
        if (result === null) return;
        told++;
        assert.equal(result, canonicalJson(JSON.parse(text)));
      }),
      { numRuns: 5_000 },
    );
    assert.ok(told > 3_000, `it could tell of ${told}`);
  });

  it("is told of what messages are made of", () => {
    const values = [
      { z: 1, a: { y: [], b: {} }, list: [1, { d: 1, c: [2] }, "x"], größe: "ß", empty: "" },
      // Objects of as many members within one another, of which each is sorted otherwise.
      { b: 1, a: { c: { f: 1, e: 2 }, d: { h: 1, i: 2 } } },
      { payload: '{"temperature": 21.5,\n\t"path": "C:\\\\x"}', on: true, off: false, none: null },
      [0, -1, 21.5, -0.5, 0.000001, 1e21, 1.5e-7, 0.1 + 0.2, Number.MAX_SAFE_INTEGER, 123456789012.345],
      Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`name ${(index * 37) % 100}`, index])),
    ];
    for (const value of [...values, ...values]) assert.equal(made(JSON.stringify(value)), canonicalJson(value));
  });

  it("is not told of text that parsing would change", () => {
    const texts = [
      ...[
        '{ "a":1}',
        '{"a": 1}',
        "[1, 2]",
        " 1",
        "1.0",
        "1.50",
        "1E5",
        "1e5",
        "-0",
        "0.0000001",
        "12345678901234567890",
      ],
      ...[
        '"\\u0041"',
        '"\\/"',
        '"\\u00e9"',
        '{"\\u0061":1}',
        '{"a":1,"a":1}',
        '{"b":0,"a":1,"b":2}',
        '{"\uf8ff":1,"😀":2}',
      ],
    ];
    for (const text of texts) {
      assert.doesNotThrow(() => JSON.parse(text), text);
      assert.equal(made(text), null, text);
    }
  });

  it("is not told of what is no JSON", () => {
    const texts = [
      ...["", "{", "[", '"', '"a', '"\\', "-", ".5", "1.", "01", "00", "+1", "tru", "nul", "NaN", "Infinity", "'a'"],
      ...[
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        "{a:1}",
        '{"a":1',
        "[1,]",
        "[1",
        "[1}",
        '{"a":[1}',
        '{"a":{"b":1]}',
        '{"a":[1},"b":2}',
      ],
      ...[
        '"\u0001"',
        '{"a\nb":1}',
        '{"a":"\t"}',
        '"\\x"',
        '{"a":[[}]]}',
        '{"a":{]}',
        '{"a":[{]}]}',
        '{,"a":1}',
        "[,1]",
      ],
    ];
    for (const text of texts) {
      assert.throws(() => JSON.parse(text), text);
      assert.equal(made(text), null, text);
    }
  });

  it("is never told of damaged text as of sound text", () => {
    const text = JSON.stringify({ b: [1, { d: "x\n", c: -2.5 }], a: { f: true, e: null } });
    const change = fc.record({ at: fc.nat(text.length - 1), to: fc.constantFrom(...'{}[]",:\\0-.e1tn') });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const letters = Array.from(text);
        for (const { at, to } of changes) letters[at] = to;
        const damaged = letters.join("");
        const input = Buffer.from(damaged);
        canonical.at = 0;
        const end = canonical.value(input, 0);
        if (end !== input.length) return;
        const result = Buffer.from(canonical.out.subarray(0, canonical.at)).toString();
        assert.equal(result, canonicalJson(JSON.parse(damaged)), damaged);
      }),
      { numRuns: 5_000 },
    );
  });

  it("is not told of what is too deep or has too many members, and goes on after that", () => {
    assert.equal(made(`${"[".repeat(50)}${"]".repeat(50)}`), null);
    assert.equal(made(JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [n, n])))), null);
    assert.equal(made('{"b":1,"a":[[[]]]}'), '{"a":[[[]]],"b":1}');
  });
});
