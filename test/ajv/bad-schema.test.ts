/** What cannot be compiled says every reason, each with a pointer into the schema. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { BadSchema } from "@sluice/domain";

const validator = new AjvPayloadValidator();
const reasons = (schema: Record<string, unknown>): BadSchema["errors"] => {
  try {
    validator.compile(schema);
  } catch (error) {
    assert.ok(error instanceof BadSchema, String(error));
    return error.errors;
  }
  assert.fail("should not have compiled");
};
const nested = (depth: number, of: unknown = {}): unknown => {
  let schema = of;
  for (let level = 0; level < depth; level++) schema = { items: schema };
  return schema;
};

const cases: readonly [name: string, schema: Record<string, unknown>, expected: string[]][] = [
  ["a type of the flat dialect", { type: "float" }, ["/type enum"]],
  ["a misspelt keyword", { properties: { a: { minimun: 3 } } }, ["/properties/a/minimun minimun"]],
  ["a keyword of OpenAPI", { nullable: true }, ["/nullable nullable"]],
  ["a keyword of an older draft", { dependencies: { a: ["b"] } }, ["/dependencies dependencies"]],
  ["an asynchronous schema", { $async: true }, ["/$async $async"]],
  ["an unknown format", { items: { format: "zip" } }, ["/items/format format"]],
  ["a format that can be made to hang", { format: "url" }, ["/format format"]],
  ["a pattern that does not compile", { pattern: "(" }, ["/pattern pattern"]],
  [
    "a member pattern that does not compile",
    { patternProperties: { "[": true } },
    ["/patternProperties/[ patternProperties"],
  ],
  ["another draft", { $schema: "http://json-schema.org/draft-07/schema#" }, ["/$schema $schema"]],
  ["a remote reference", { $ref: "https://example.org/schema.json" }, ["/$ref $ref"]],
  ["the meta-schema", { $ref: "https://json-schema.org/draft/2020-12/schema" }, ["/$ref $ref"]],
  ["a file", { $ref: "file:///etc/passwd" }, ["/$ref $ref"]],
  ["a reference to nothing", { properties: { a: { $ref: "#/$defs/no" } } }, ["/properties/a/$ref $ref"]],
  [
    "every dead reference",
    { allOf: [{ $ref: "#/$defs/no" }, { $ref: "#nor" }, { not: { $ref: "other.json" } }] },
    ["/allOf/0/$ref $ref", "/allOf/1/$ref $ref", "/allOf/2/not/$ref $ref"],
  ],
  ["a schema that is itself", { $ref: "#" }, [" $ref"]],
  ["a schema that is one of itself", { anyOf: [{ $ref: "#/anyOf/0" }] }, [" $ref"]],
  [
    "a member that ajv would pass over",
    { properties: JSON.parse('{"__proto__":{"type":"string"}}') },
    ["/properties/__proto__ properties"],
  ],
  ["a schema that is no schema", { properties: { a: 7 } }, ["/properties/a type"]],
  ["a list that is none", { required: "a" }, ["/required type"]],
  ["a negative length", { maxLength: -1 }, ["/maxLength minimum"]],
  ["an $id that is none", { $id: 7 }, ["/$id type"]],
  ["one $id twice", { $defs: { a: { $id: "x", type: "string" }, b: { $id: "x", type: "number" } } }, [" schema"]],
  [
    "several at once",
    { type: "float", minimum: "3", foo: 1, properties: { "a/b": { pattern: "(", format: "zip" } } },
    ["/foo foo", "/minimum type", "/properties/a~1b/format format", "/properties/a~1b/pattern pattern", "/type enum"],
  ],
];

for (const [name, schema, expected] of cases) {
  test(`bad schema: ${name}`, () => {
    const errors = reasons(schema);
    assert.deepEqual(errors.map(({ pointer, keyword }) => `${pointer} ${keyword}`).sort(), expected);
    assert.ok(errors.every(({ message }) => message.length > 0));
  });
}

test("the message of the error has every reason", () => {
  assert.throws(() => validator.compile({ minimum: "3", foo: 1 }), {
    name: "BadSchema",
    message: '/minimum: must be number; /foo: unknown keyword "foo"',
  });
});

test("depth is bounded wherever it is", () => {
  assert.doesNotThrow(() => validator.compile(nested(90) as Record<string, unknown>));
  assert.ok(reasons(nested(200) as Record<string, unknown>).length > 0);
  assert.ok(reasons(nested(100_000) as Record<string, unknown>).length > 0);
  assert.ok(reasons({ const: nested(100_000) }).length > 0);
});

test("a bad schema leaves the validator usable", () => {
  reasons({ $id: "https://example.org/flow", type: "float" });
  assert.deepEqual(validator.compile({ $id: "https://example.org/flow", type: "string" })("x"), []);
});
