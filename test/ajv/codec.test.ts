import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonPayloadCodec } from "@sluice/adapter-ajv";
import { ExactNumber } from "@sluice/domain";

const codec = new JsonPayloadCodec();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const decoded = (text: string) => {
  const result = codec.decode(bytes(text));
  assert.ok(result.ok, JSON.stringify(result));
  return result;
};
const errorOf = (payload: string | Uint8Array, by = codec) => {
  const result = by.decode(typeof payload === "string" ? bytes(payload) : payload);
  assert.ok(!result.ok, "should have been refused");
  assert.equal(result.errors.length, 1);
  return result.errors[0];
};

const exactTexts: readonly [text: string, exact: boolean][] = [
  ["0", false],
  ["7", false],
  ["-7", false],
  ["21.5", false],
  ["0.1", false],
  ["-0.000001", false],
  ["1e+21", false],
  ["1e-7", false],
  ["9007199254740992", false],
  ["-0", true],
  ["0.0", true],
  ["1.0", true],
  ["21.50", true],
  ["1e3", true],
  ["1E3", true],
  ["1e21", true],
  ["0.0000001", true],
  ["9007199254740993", true],
  ["12345678901234567890", true],
  ["0.1000000000000000055511151231257827", true],
  ["1e-400", true],
];

for (const [text, isExact] of exactTexts) {
  test(`the number ${text} ${isExact ? "keeps its text" : "is a plain number"}`, () => {
    const { value, exact } = decoded(text);
    assert.ok(Object.is(value, Number(text)));
    if (isExact) {
      assert.ok(exact instanceof ExactNumber);
      assert.equal(exact.text, text);
    } else assert.equal(exact, value);
  });
}

test("without exact numbers there is one tree, not two", () => {
  const { value, exact } = decoded('{"temperature": 21.5, "readings": [1, {"ok": true}]}');
  assert.equal(exact, value);
  assert.deepEqual(value, { temperature: 21.5, readings: [1, { ok: true }] });
});

test("with exact numbers both trees have every member, and share what has none", () => {
  const { value, exact } = decoded('{"a": [1.0, 2], "b": {"c": [null, "x"]}, "__proto__": {"d": 1.50}}');
  assert.deepEqual(value, JSON.parse('{"a": [1, 2], "b": {"c": [null, "x"]}, "__proto__": {"d": 1.5}}'));
  const tree = exact as Record<string, unknown>;
  assert.deepEqual(tree.a, [new ExactNumber("1.0"), 2]);
  assert.equal(tree.b, (value as Record<string, unknown>).b);
  assert.deepEqual(Object.getOwnPropertyDescriptor(tree, "__proto__")?.value, { d: new ExactNumber("1.50") });
});

test("names of Object.prototype are data and pollute nothing", () => {
  const { value } = decoded('{"__proto__":{"polluted":true},"constructor":1,"prototype":2,"toString":3}');
  assert.deepEqual(Object.keys(value as object), ["__proto__", "constructor", "prototype", "toString"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("a byte order mark is skipped, once", () => {
  assert.deepEqual(decoded('\uFEFF{"a":1}').value, { a: 1 });
  assert.equal(errorOf("\uFEFF\uFEFF{}").keyword, "json");
});

test("payloads in a larger buffer are read in their bounds", () => {
  const buffer = bytes('xx{"a":1}yy');
  const result = codec.decode(buffer.subarray(2, 9));
  assert.ok(result.ok);
  assert.deepEqual(result.value, { a: 1 });
});

const faults: readonly [
  name: string,
  payload: string | Uint8Array,
  keyword: string,
  pointer: string,
  message: RegExp,
][] = [
  ["an empty payload", "", "json", "", /^expected a value, found the end, at line 1, column 1 \(byte 0\)$/],
  ["NaN", '{\n  "a": NaN}', "json", "", /^expected a value, found "N", at line 2, column 8 \(byte 9\)$/],
  ["two values", "{} {}", "json", "", /^expected the end, found "\{", at line 1, column 4 \(byte 3\)$/],
  ["bytes before the fault", '"€" x', "json", "", /found "x", at line 1, column 5 \(byte 6\)$/],
  ["an emoji as a value", "\u{1f321}", "json", "", /found "\u{1f321}"/u],
  ["a leading zero", "[01]", "json", "", /leading zero, at line 1, column 2/],
  ["a bad escape", '"\\x"', "json", "", /no valid escape, at line 1, column 2/],
  ["a missing colon", '{"a" 1}', "json", "", /expected ":", found "1"/],
  ["1e400", '{"a":[0,1e400]}', "json", "/a/1", /out of the range of a double, at line 1, column 9/],
  ["a repeated name", '{"a":{"b":1, "b":1}}', "duplicateKey", "/a/b", /twice, at line 1, column 14/],
  ["a repeated name with slash and tilde", '{"x/y~":1,"x/y~":2}', "duplicateKey", "/x~1y~0", /twice/],
  ["a repeated __proto__", '{"__proto__":1,"__proto__":1}', "duplicateKey", "/__proto__", /twice/],
  ["a lone surrogate", '{"a":["\\ud800"]}', "encoding", "/a/0", /lone surrogate/],
  ["a lone surrogate in a name", '{"a":{"\\udc00":1}}', "encoding", "/a", /lone surrogate/],
  ["invalid UTF-8", Uint8Array.of(0x22, 0xc3, 0xa9, 0xff, 0x22), "encoding", "", /^not valid UTF-8 at byte 3$/],
  ["a real U+FFFD before the fault", Uint8Array.of(0x22, 0xef, 0xbf, 0xbd, 0x80), "encoding", "", /at byte 4$/],
  ["a cut off character", Uint8Array.of(0x22, 0xe2, 0x82), "encoding", "", /at byte 1$/],
  ["65 levels", `${"[".repeat(65)}${"]".repeat(65)}`, "depth", "", /^nested more than 64 deep, at line 1, column 65/],
];

for (const [name, payload, keyword, pointer, message] of faults) {
  test(`${name} is refused as ${keyword}`, () => {
    const error = errorOf(payload);
    assert.equal(error.keyword, keyword);
    assert.equal(error.pointer, pointer);
    assert.match(error.message, message);
  });
}

test("limits can be set", () => {
  const small = new JsonPayloadCodec({ maxBytes: 8, maxDepth: 1 });
  assert.ok(small.decode(bytes("[1, 2]")).ok);
  assert.equal(errorOf("[1, 2, 3]", small).keyword, "size");
  assert.equal(errorOf("[1, 2, 3]", small).message, "9 bytes, at most 8 are accepted");
  assert.equal(errorOf("[[]]", small).keyword, "depth");
});

test("pointers of long names are cut", () => {
  const name = "n".repeat(100_000);
  const { pointer } = errorOf(`{"${name}":{"a":1,"a":1}}`);
  assert.equal(pointer, `/${"n".repeat(511)}…`);
});
