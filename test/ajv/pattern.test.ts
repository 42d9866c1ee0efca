import assert from "node:assert/strict";
import { test } from "node:test";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import type { JsonValue } from "@sluice/domain";
import { isRisky } from "../../packages/adapters/ajv/src/pattern.ts";

const validator = new AjvPayloadValidator();
const timed = (schema: Record<string, unknown>, value: JsonValue) => {
  const validate = validator.compile(schema);
  const start = performance.now();
  const errors = validate(value);
  return { errors, ms: performance.now() - start };
};

const attacks: readonly [pattern: string, text: string][] = [
  ["^(a+)+$", `${"a".repeat(50)}!`],
  ["^(a|a)*$", `${"a".repeat(50)}!`],
  ["^(a|aa)+$", `${"a".repeat(80)}!`],
  ["^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*$", `${"a".repeat(60)}!`],
  ["^(a*)+\\1b$", "a".repeat(60)],
  [".*.*.*=.*", "x".repeat(20_000)],
  ["a*a*a*a*a*a*b", "a".repeat(64)],
  ["\\s+$", `${" ".repeat(200_000)}x`],
];

for (const [pattern, text] of attacks) {
  test(`the pattern ${pattern} cannot hang`, () => {
    const { errors, ms } = timed({ pattern }, text);
    assert.ok(ms < 1_000, `${ms} ms`);
    assert.deepEqual(
      errors.map(({ keyword }) => keyword),
      ["pattern"],
    );
  });
}

test("many strings share one budget", () => {
  const strings = Array.from({ length: 20_000 }, () => `${"x".repeat(63)}!`);
  const { errors, ms } = timed({ items: { pattern: "^(?!.*.*.*=)" } }, strings);
  assert.ok(ms < 1_000, `${ms} ms`);
  assert.equal(errors.length, 1);
  assert.match(errors[0]?.message ?? "", /took longer than 100 ms/);
});

test("after a timeout the next payload has its whole budget", () => {
  const validate = validator.compile({ pattern: "^(a+)+$" });
  assert.equal(validate(`${"a".repeat(50)}!`).length, 1);
  assert.deepEqual(validate("a".repeat(50)), []);
});

test("a watched expression gives the same verdict", () => {
  const validate = validator.compile({ pattern: "^[0-9]+(\\.[0-9]+)*$" });
  assert.deepEqual(validate("1.22.333.4444.55555"), []);
  assert.equal(validate("1.22.333.4444.55555.").length, 1);
});

test("patterns are Unicode", () => {
  assert.deepEqual(validator.compile({ pattern: "^.$" })("\u{1f321}"), []);
  assert.deepEqual(validator.compile({ pattern: "^\\p{L}+$" })("Größe"), []);
});

test("patterns of one schema are kept apart", () => {
  const validate = validator.compile({ properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } } });
  assert.deepEqual(validate({ a: "a", b: "b" }), []);
  assert.deepEqual(
    validate({ a: "b", b: "a" }).map(({ pointer }) => pointer),
    ["/a", "/b"],
  );
});

const risks: readonly [pattern: string, risky: boolean][] = [
  ["^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", false],
  ["^(?:[A-F0-9]{2}:){5}[A-F0-9]{2}$", false],
  ["^\\d{4}-\\d{2}-\\d{2}(T.*)?$", false],
  ["^(on|off)$", false],
  ["^[(a+)+]+$", false],
  ["^\\(a+\\)+$", false],
  ["^(?<name>a)+$", false],
  ["(a+)+", true],
  ["(a|b)*", true],
  ["((a?))+", true],
  ["(a{2,5}){3}", true],
  ["(a)\\1", true],
  ["(?<x>a)\\k<x>", true],
  ["(?=a+)+", true],
  ["a*b*c*d*e*", true],
];

for (const [pattern, risky] of risks) {
  test(`${pattern} ${risky ? "may" : "cannot"} explode`, () => assert.equal(isRisky(pattern), risky));
}
