import assert from "node:assert/strict";
import { test } from "node:test";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { BadSchema, type JsonValue } from "@sluice/domain";

type Schema = boolean | Record<string, unknown>;

const validator = new AjvPayloadValidator();
/** `pointer keyword` of every error. */
const errorsOf = (schema: Schema, value: JsonValue): string[] =>
  validator
    .compile(schema)(value)
    .map(({ pointer, keyword }) => `${pointer} ${keyword}`);

const climate = {
  type: "object",
  required: ["temperature", "humidity"],
  properties: {
    temperature: { type: "number", minimum: -40, maximum: 85 },
    humidity: { type: "number" },
    tags: { type: "array", items: { type: "string" }, uniqueItems: true },
  },
};

const verdicts: readonly [name: string, schema: Schema, value: JsonValue, errors: string[]][] = [
  ["a valid payload", climate, { temperature: 21.5, humidity: 48, extra: null }, []],
  [
    "every error is listed",
    climate,
    { temperature: "21", tags: [1, 1] },
    ["/humidity required", "/temperature type", "/tags/0 type", "/tags/1 type", "/tags uniqueItems"],
  ],
  ["the whole payload at fault", climate, [1], [" type"]],
  ["true", true, { anything: 1 }, []],
  ["false", false, { anything: 1 }, [" false"]],
  ["a false member", { properties: { "a/b~c": false } }, { "a/b~c": 1 }, ["/a~1b~0c false"]],
  [
    "a surplus member",
    { additionalProperties: false, properties: { a: true } },
    { a: 1, "b/c": 2 },
    ["/b~1c additionalProperties"],
  ],
  ["a member that depends on another", { dependentRequired: { a: ["b"] } }, { a: 1 }, ["/b dependentRequired"]],
  ["a member name", { propertyNames: { pattern: "^a" } }, { b: 1 }, ["/b pattern"]],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  ["then", { if: { required: ["a"] }, then: { required: ["b"] } }, { a: 1 }, ["/b required"]],
  ["a union of types", { type: ["number", "null"] }, "x", [" type"]],
  ["one of", { oneOf: [{ type: "number" }, { minimum: 3 }] }, 5, [" oneOf"]],
  ["prefix items", { prefixItems: [{ type: "string" }], items: false }, [1, 2], ["/0 type", " items"]],
  ["integers may be written 1.0", { type: "integer" }, 1.0, []],
  ["a format", { format: "date-time" }, "2026-02-30T00:00:00Z", [" format"]],
  ["a format does not bind numbers", { format: "uuid" }, 7, []],
  ["annotations of the operator's own", { "x-unit": "°C" }, 7, []],
  ["a recursive schema", { type: "object", additionalProperties: { $ref: "#" } }, { a: { b: 1 } }, ["/a/b type"]],
  ["an anchor", { $ref: "#t", $defs: { t: { $anchor: "t", type: "number" } } }, "x", [" type"]],
  [
    "a dynamic anchor",
    { $dynamicAnchor: "n", type: "object", properties: { n: { $dynamicRef: "#n" } } },
    { n: { n: 1 } },
    ["/n/n type"],
  ],

  // multipleOf in decimals
  ["0.3 of 0.1", { multipleOf: 0.1 }, 0.3, []],
  ["0.35 of 0.1", { multipleOf: 0.1 }, 0.35, [" multipleOf"]],
  ["-0.7 of 0.1", { multipleOf: 0.1 }, -0.7, []],
  ["0 of 0.1", { multipleOf: 0.1 }, 0, []],
  ["19.99 of 0.01", { multipleOf: 0.01 }, 19.99, []],
  ["0.30000001 of 0.1", { multipleOf: 0.1 }, 0.30000001, [" multipleOf"]],
  ["1e308 of 1e-8", { multipleOf: 1e-8 }, 1e308, []],
  ["5e-324 of 0.1", { multipleOf: 0.1 }, 5e-324, [" multipleOf"]],
  ["9 of 3", { multipleOf: 3 }, 9, []],
  ["10 of 3", { multipleOf: 3 }, 10, [" multipleOf"]],

  // equality
  [
    "equal objects in another order",
    { uniqueItems: true },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [" uniqueItems"],
  ],
  ["a number and its text", { uniqueItems: true }, [1, "1", true, null, [1], ["1"]], []],
  ["zero and minus zero", { uniqueItems: true }, [0, -0], [" uniqueItems"]],
  ["uniqueItems: false", { uniqueItems: false }, [1, 1], []],
  ["a constant object", { const: { a: [1, { b: null }] } }, { a: [1, { b: null }] }, []],
  ["not the constant", { const: { a: 1 } }, { a: 1, b: 2 }, [" const"]],
  ["constant null", { const: null }, 0, [" const"]],
  ["an enumeration", { enum: [1, "1", { a: 1 }] }, { a: 1 }, []],
  ["not in the enumeration", { enum: [1, "1", { a: 1 }] }, [1], [" enum"]],

  // names of Object.prototype
  [
    "toString is not there by itself",
    { required: ["toString", "__proto__"] },
    {},
    ["/toString required", "/__proto__ required"],
  ],
  ["constructor is not described by itself", { properties: { constructor: { type: "number" } } }, {}, []],
  [
    "constructor is checked when sent",
    { properties: { constructor: { type: "number" } } },
    { constructor: "x" },
    ["/constructor type"],
  ],
  ["valueOf in data that is compared", { const: { a: 1 } }, { valueOf: 1, toString: 1, constructor: 1 }, [" const"]],
  [
    "__proto__ is a surplus member",
    { additionalProperties: false },
    JSON.parse('{"__proto__":1}'),
    ["/__proto__ additionalProperties"],
  ],
  [
    "constructor and __proto__ are unevaluated",
    { anyOf: [{ properties: { a: true } }, { properties: { b: { type: "string" } } }], unevaluatedProperties: false },
    JSON.parse('{"a":1,"constructor":1,"__proto__":2}'),
    ["/constructor unevaluatedProperties", "/__proto__ unevaluatedProperties"],
  ],
  [
    "the same through a reference",
    {
      $ref: "#/$defs/x",
      $defs: { x: { anyOf: [{ properties: { a: true } }, { required: ["b"] }] } },
      unevaluatedProperties: false,
    },
    JSON.parse('{"a":1,"toString":1}'),
    ["/toString unevaluatedProperties"],
  ],
];

for (const [name, schema, value, errors] of verdicts) {
  test(name, () => {
    const before = structuredClone(value);
    assert.deepEqual(errorsOf(schema, value), errors);
    assert.deepEqual(value, before);
  });
}

test("messages say what was expected", () => {
  const messages = (schema: Schema, value: JsonValue) =>
    validator
      .compile(schema)(value)
      .map(({ message }) => message);
  assert.deepEqual(messages(climate, { temperature: "21" }), ["is required and missing", "must be number"]);
  assert.deepEqual(messages({ type: ["number", "null"] }, "x"), ["must be number or null"]);
  assert.deepEqual(messages({ enum: ["on", "off"] }, "ON"), ['must be one of ["on","off"]']);
  assert.deepEqual(messages({ maximum: 85 }, 86), ["must be <= 85"]);
  assert.ok((messages({ enum: ["x".repeat(10_000)] }, 1)[0] ?? "").length < 300);
});

test("nothing is coerced, filled in or removed", () => {
  const schema = { properties: { a: { type: "number" }, b: { default: 7 } }, additionalProperties: false };
  const value = { a: "1", c: true };
  assert.equal(validator.compile(schema)(value).length, 2);
  assert.deepEqual(value, { a: "1", c: true });
});

test("a verdict does not depend on the ones before", () => {
  const validate = validator.compile(climate);
  const good = { temperature: 1, humidity: 2 };
  const bad = { temperature: "x" };
  const once = validate(bad);
  assert.deepEqual(validate(good), []);
  assert.deepEqual(validate(bad), once);
  assert.deepEqual(validate(good), []);
});

test("two schemas may have the same $id, and the same inner $id", () => {
  const schema = (type: string) => ({
    $id: "https://example.org/flow",
    $defs: { inner: { $id: "inner", type } },
    properties: { a: { $ref: "inner" } },
  });
  const text = validator.compile(schema("string"));
  const number = validator.compile(schema("number"));
  assert.deepEqual(text({ a: "x" }), []);
  assert.deepEqual(number({ a: 1 }), []);
  assert.equal(text({ a: 1 }).length, 1);
  assert.equal(number({ a: "x" }).length, 1);
});

test("changing the schema afterwards changes nothing", () => {
  const schema: Record<string, unknown> = { type: "object", required: ["a"] };
  const validate = validator.compile(schema);
  schema.required = ["b"];
  assert.deepEqual(
    validate({}).map(({ pointer }) => pointer),
    ["/a"],
  );
});

test("a hundred errors are listed, and how many there are more", () => {
  const validate = validator.compile({ items: { type: "string" } });
  const errors = validate(Array.from({ length: 1_000 }, (_, index) => index));
  assert.equal(errors.length, 101);
  assert.equal(errors[99]?.pointer, "/99");
  assert.deepEqual(errors[100], { pointer: "", keyword: "more", message: "and 900 more errors" });
});

test("a huge invalid payload is told its first error, soon", () => {
  const validate = validator.compile({ items: { type: "string", minLength: 2 } });
  const value = Array.from({ length: 500_000 }, () => 1);
  const start = performance.now();
  const errors = validate(value);
  assert.ok(performance.now() - start < 1_000);
  assert.deepEqual(
    errors.map(({ pointer, keyword }) => [pointer, keyword]),
    [
      ["/0", "type"],
      ["", "more"],
    ],
  );
});

test("limits can be set", () => {
  const validate = new AjvPayloadValidator({ maxErrors: 2, maxSearchedValues: 4 }).compile({
    items: { type: "string" },
  });
  assert.deepEqual(
    validate([1, 2, 3]).map(({ keyword }) => keyword),
    ["type", "type", "more"],
  );
  assert.deepEqual(
    validate([1, 2, 3, 4]).map(({ keyword }) => keyword),
    ["type", "more"],
  );
});

test("long member names do not make long pointers", () => {
  const name = "n".repeat(100_000);
  const errors = validator.compile({ additionalProperties: { items: { type: "string" } } })({ [name]: [1, 2, 3] });
  assert.equal(errors.length, 3);
  assert.ok(errors.every(({ pointer }) => pointer.length < 600));
});

test("many equal items are found out quickly", () => {
  const items = Array.from({ length: 100_000 }, (_, index) => ({ index }));
  const start = performance.now();
  assert.deepEqual(errorsOf({ uniqueItems: true }, items), []);
  assert.ok(performance.now() - start < 2_000);
});

test("a schema that refers to itself on some payload only is an error of that payload, not a crash", () => {
  const validate = validator.compile({
    properties: { a: { $ref: "#/$defs/x" } },
    $defs: { x: { allOf: [{ $ref: "#/$defs/y" }] }, y: { $ref: "#/$defs/x" } },
  });
  assert.deepEqual(validate({ b: 1 }), []);
  assert.deepEqual(
    validate({ a: 1 }).map(({ keyword }) => keyword),
    ["schema"],
  );
});

test("the schema of a flow that nobody could meet is still a schema", () => {
  assert.doesNotThrow(() => validator.compile({ type: "number", minimum: 3, maximum: 1 }));
  assert.throws(() => validator.compile({ minimum: "3" }), BadSchema);
});
