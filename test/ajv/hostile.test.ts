/** The hostile corpus through codec and validator, under a time bound. Measured alone, the slowest takes 50 ms. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import type { ValidationError } from "@sluice/contracts";
import { hostilePayloads } from "../support/hostile-payloads.ts";

/** Generous, for the machine may be busy; what it is to catch takes minutes. */
const MAX_MS = 2_000;

const codec = new JsonPayloadCodec();
const validator = new AjvPayloadValidator();

const schemas: Readonly<Record<string, Record<string, unknown>>> = {
  "the type of every item": { items: { type: "string" }, additionalProperties: { type: "string" } },
  "unique items": { type: "array", uniqueItems: true },
  "closed objects": {
    type: "object",
    additionalProperties: false,
    propertyNames: { pattern: "^[a-z]+$", maxLength: 9 },
  },
  "unevaluated members": { anyOf: [{ properties: { a: { type: "string" } } }, true], unevaluatedProperties: false },
  "an enumeration of objects": { enum: [{ a: 1 }, [1], null] },
  "a constant object": { not: { const: { toString: 1 } } },
  "a recursive schema": {
    $ref: "#/$defs/n",
    $defs: { n: { items: { $ref: "#/$defs/n" }, contains: { type: "object" } } },
  },
  "patterns and formats": {
    anyOf: [
      { pattern: "^(a+)+$" },
      { pattern: ".*.*.*x" },
      { format: "uri" },
      { format: "email" },
      { format: "date-time" },
    ],
    additionalProperties: { pattern: "^([a-z]|[0-9])+$" },
  },
};
const validates = Object.entries(schemas).map(([name, schema]) => ({ name, validate: validator.compile(schema) }));

const timed = <T>(what: string, run: () => T): T => {
  const start = performance.now();
  const result = run();
  const ms = performance.now() - start;
  assert.ok(ms < MAX_MS, `${what} took ${ms.toFixed(0)} ms`);
  return result;
};

test("names in the corpus are unique", () => {
  assert.equal(new Set(hostilePayloads.map(({ name }) => name)).size, hostilePayloads.length);
});

for (const { name, bytes, decodes } of hostilePayloads) {
  test(`hostile payload: ${name}`, () => {
    const result = timed("decoding", () => codec.decode(bytes));
    assert.equal(result.ok, decodes, JSON.stringify(result).slice(0, 300));
    if (!result.ok) {
      assert.ok(JSON.stringify(result.errors).length < 1_000, "a short reason");
      return;
    }
    const before = structuredClone(result.value);
    for (const { name: schema, validate } of validates) {
      const errors: readonly ValidationError[] = timed(`validating against ${schema}`, () => validate(result.value));
      assert.ok(errors.length <= 101, `${errors.length} errors`);
      assert.ok(JSON.stringify(errors).length < 200_000, "errors fit into an event");
    }
    assert.deepEqual(result.value, before, "the payload is as it was");
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });
}
