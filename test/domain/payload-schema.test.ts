import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PayloadSchema } from "@sluice/contracts";
import { normalisePayloadSchema } from "@sluice/domain";

/** Fields of the dialect with the JSON Schema type that each becomes. */
const dialect: readonly (readonly [given: PayloadSchema, fields: Record<string, string>])[] = [
  [
    { temperature: "float", humidity: "float" },
    { temperature: "number", humidity: "number" },
  ],
  [
    { a: { type: "int" }, b: "bool" },
    { a: "integer", b: "boolean" },
  ],
  [{ properties: { a: "str", b: { type: "list" } } }, { a: "string", b: "array" }],
  [{ properties: { a: "number" } }, { a: "number" }],
  [{ properties: {} }, {}],
  [{ properties: { type: "string" } }, { type: "string" }],
  [{ properties: "string" }, { properties: "string" }],
  [
    { properties: "string", x: "int" },
    { properties: "string", x: "integer" },
  ],
  [
    { properties: { type: "object" }, x: "int" },
    { properties: "object", x: "integer" },
  ],
  [
    { type: "string", value: "float" },
    { type: "string", value: "number" },
  ],
  [{ type: "object", properties: { a: { type: "float" } }, required: ["z"] }, { a: "number" }],
  [
    { type: "object", properties: { a: "int", b: "number" }, additionalProperties: false },
    { a: "integer", b: "number" },
  ],
  [
    { a: { type: "float", minimum: 0, required: false, enum: [1] }, b: { type: "string", properties: { c: "x" } } },
    { a: "number", b: "string" },
  ],
  [
    { a: "string", b: "str", c: "number", d: "float", e: "integer", f: "int", g: "boolean", h: "bool" },
    { a: "string", b: "string", c: "number", d: "number", e: "integer", f: "integer", g: "boolean", h: "boolean" },
  ],
  [
    { a: "object", b: "array", c: "list" },
    { a: "object", b: "array", c: "array" },
  ],
];

const jsonSchemas: readonly PayloadSchema[] = [
  true,
  false,
  {},
  { type: "object" },
  { type: "object", properties: { a: { type: "number" } } },
  { type: "object", properties: { a: true, b: { type: ["string", "null"] } }, required: ["a"] },
  { properties: { a: { type: "string" } }, required: ["a"] },
  { $ref: "#/$defs/a", $defs: { a: { type: "string" } } },
  { $schema: "https://json-schema.org/draft/2020-12/schema", properties: { a: { type: "number" } } },
  { $schema: "https://json-schema.org/draft/2020-12/schema", "x-unit": "°C" },
  { anyOf: [{ type: "number" }, { type: "string" }] },
  { title: "Reading", description: "of a sensor", examples: [1], deprecated: false },
  { type: "float" },
  { minimum: "float" },
];

describe("the flat dialect", () => {
  for (const [given, fields] of dialect) {
    it(`${JSON.stringify(given)} asks for its fields`, () => {
      assert.deepEqual(normalisePayloadSchema(given), {
        ok: true,
        dialect: "flat",
        schema: {
          type: "object",
          properties: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }])),
          required: Object.keys(fields),
        },
      });
    });
  }

  it("may have fields with the names of JavaScript's own members", () => {
    const given = JSON.parse('{"__proto__":"int","constructor":{"type":"str"},"toString":"bool"}');
    const normalised = normalisePayloadSchema(given);
    assert.equal(
      JSON.stringify(normalised.ok && normalised.schema),
      '{"type":"object","properties":{"__proto__":{"type":"integer"},"constructor":{"type":"string"},' +
        '"toString":{"type":"boolean"}},"required":["__proto__","constructor","toString"]}',
    );
  });

  it("does not take what is inherited for a type", () => {
    assert.equal(normalisePayloadSchema({ a: "toString" }).ok, false);
    assert.equal(normalisePayloadSchema({ a: Object.create({ type: "int" }) }).ok, false);
  });

  it("names every field without a known type", () => {
    const normalised = normalisePayloadSchema({ a: "floot", b: "int", "c/d": {}, e: { type: 5 }, f: null, g: ["int"] });
    assert.equal(normalised.ok, false);
    assert.deepEqual(
      normalised.errors.map(({ pointer, keyword }) => [pointer, keyword]),
      ["/a", "/c~1d", "/e", "/f", "/g"].map((pointer) => [pointer, "type"]),
    );
    assert.match(normalised.errors[0]?.message ?? "", /"floot".*string \(str\), number \(float\)/);
  });

  it("points into properties where the fields are there", () => {
    const normalised = normalisePayloadSchema({ properties: { a: "floot", b: "float" } });
    assert.deepEqual(!normalised.ok && normalised.errors.map(({ pointer }) => pointer), ["/properties/a"]);
  });
});

describe("JSON Schema", () => {
  for (const schema of jsonSchemas) {
    it(`${JSON.stringify(schema)} stays as it is`, () =>
      assert.deepEqual(normalisePayloadSchema(schema), { ok: true, dialect: "json-schema", schema }));
  }

  it("is true where there is none", () =>
    assert.deepEqual(normalisePayloadSchema(null), { ok: true, dialect: "json-schema", schema: true }));

  it("is no number or list", () => {
    for (const odd of [7, "float", ["float"]]) {
      assert.equal(normalisePayloadSchema(odd as unknown as PayloadSchema).ok, false);
    }
  });
});
