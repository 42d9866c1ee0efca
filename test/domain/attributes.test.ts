import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StoreDbAction } from "@sluice/contracts";
import {
  type Attribute,
  attributeText,
  canonicalJson,
  type ExactJsonValue,
  ExactNumber,
  extractAttributes,
  plainValue,
  typedNumber,
} from "@sluice/domain";
import fc from "fast-check";
import { exactNumber, storeDb } from "./support/examples.ts";

const only = (exact: ExactJsonValue): Attribute => {
  const [attribute, ...more] = extractAttributes({ x: exact }, storeDb);
  assert.ok(attribute);
  assert.equal(more.length, 0);
  return attribute;
};

/** What is stored by which name. */
const stored = (exact: ExactJsonValue, action: Partial<StoreDbAction> = {}): readonly (readonly [string, unknown])[] =>
  extractAttributes(exact, { ...storeDb, ...action }).map(({ attribute, value }) => [attribute, value] as const);

describe("attributes", () => {
  it("have the type, the value and the exact text of what was sent", () => {
    const cases: readonly (readonly [ExactJsonValue, string, unknown, string])[] = [
      ["warm", "string", "warm", "warm"],
      ["", "string", "", ""],
      ['"null"', "string", '"null"', '"null"'],
      [true, "boolean", true, "true"],
      [false, "boolean", false, "false"],
      [null, "null", null, "null"],
      [[], "array", [], "[]"],
      [{}, "object", {}, "{}"],
      [{ b: [1, "x"], a: null }, "object", { b: [1, "x"], a: null }, '{"a":null,"b":[1,"x"]}'],
      ...["0", "-3", "20.5", "1e-7", "1e+21", "123456789012345680000"].map(
        (text) => [Number(text), /[.e]/.test(text) ? "number" : "integer", Number(text), text] as const,
      ),
    ];
    for (const [exact, valueType, value, text] of cases) {
      const attribute = only(exact);
      assert.deepEqual(attribute, { attribute: "x", valueType, value });
      assert.equal(attributeText(attribute), text);
    }
  });

  it("keep the text of numbers that a double does not give back", () => {
    const cases: readonly (readonly [string, string, number | null])[] = [
      ["-0", "integer", 0],
      ["1.0", "number", 1],
      ["0.10", "number", 0.1],
      ["1e3", "number", 1000],
      ["1E3", "number", 1000],
      ["12345678901234567890", "integer", 12345678901234567000],
      ["0.1000000000000000055511151231257827", "number", 0.1],
      ["1e-400", "number", 0],
      ["1e400", "number", null],
      ["-1e400", "number", null],
    ];
    for (const [text, valueType, value] of cases) {
      const attribute = only(new ExactNumber(text));
      assert.deepEqual(attribute, { attribute: "x", valueType, value, text });
      assert.equal(attributeText(attribute), text);
      assert.equal(Object.is(attribute.value, -0), false);
    }
  });

  it("have no text of their own where the value gives it back", () => {
    assert.deepEqual(only(new ExactNumber("1.5")), { attribute: "x", valueType: "number", value: 1.5 });
  });

  it("keep exact numbers within objects and arrays", () => {
    const nested = { b: [new ExactNumber("1.0"), { c: new ExactNumber("1e400") }], a: 2 };
    const attribute = only(nested);
    const value = { b: [1, { c: null }], a: 2 };
    assert.deepEqual(attribute, { attribute: "x", valueType: "object", value, text: '{"a":2,"b":[1.0,{"c":1e400}]}' });
    assert.deepEqual(only([[new ExactNumber("0.50")]]), {
      attribute: "x",
      valueType: "array",
      value: [[0.5]],
      text: "[[0.50]]",
    });
  });

  it("come one a top-level member, and one named value of anything else", () => {
    assert.deepEqual(stored({ a: 1, b: { c: 2 }, "": 3 }), [
      ["a", 1],
      ["b", { c: 2 }],
      ["", 3],
    ]);
    assert.deepEqual(stored({}), []);
    assert.deepEqual(stored(21.5), [["value", 21.5]]);
    assert.deepEqual(stored([1, 2]), [["value", [1, 2]]]);
    assert.deepEqual(stored(null), [["value", null]]);
    assert.deepEqual(stored(new ExactNumber("1.0")), [["value", 1]]);
    assert.deepEqual(stored(21.5, { attributes: ["other"] }), []);
    assert.deepEqual(stored(21.5, { rename: { value: "celsius" } }), [["celsius", 21.5]]);
  });

  it("can be selected and renamed", () => {
    const payload = { a: 1, b: 2, c: 3 };
    assert.deepEqual(stored(payload, { attributes: ["c", "a", "z"] }), [
      ["a", 1],
      ["c", 3],
    ]);
    assert.deepEqual(stored(payload, { rename: { a: "x", z: "y" } }), [
      ["x", 1],
      ["b", 2],
      ["c", 3],
    ]);
    assert.deepEqual(stored(payload, { rename: { a: "b", b: "a" } }), [
      ["b", 1],
      ["a", 2],
      ["c", 3],
    ]);
    assert.deepEqual(stored(payload, { attributes: ["a"], rename: { a: "b" } }), [["b", 1]]);
  });

  it("keep their name when another member of the payload has the new one", () => {
    assert.deepEqual(stored({ a: 1, b: 2 }, { rename: { a: "b" } }), [
      ["a", 1],
      ["b", 2],
    ]);
    assert.deepEqual(stored({ a: 1 }, { rename: { a: "b" } }), [["b", 1]]);
    assert.deepEqual(stored({ a: 1, b: 2, c: 3 }, { rename: { c: "a", a: "b" } }), [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
  });

  it("may have the names of JavaScript's own members", () => {
    const payload = JSON.parse('{"__proto__":{"__proto__":1},"constructor":2,"toString":3}') as ExactJsonValue;
    const attributes = extractAttributes(payload, { ...storeDb, rename: { a: "b" } });
    assert.equal(
      JSON.stringify(attributes),
      '[{"attribute":"__proto__","valueType":"object","value":{"__proto__":1}},' +
        '{"attribute":"constructor","valueType":"integer","value":2},' +
        '{"attribute":"toString","valueType":"integer","value":3}]',
    );
    const exact = JSON.parse('{"__proto__":0}') as Record<string, ExactJsonValue>;
    Object.defineProperty(exact, "__proto__", { value: new ExactNumber("1.0"), enumerable: true });
    assert.equal(JSON.stringify(plainValue(exact)), '{"__proto__":1}');
    assert.equal(canonicalJson(exact), '{"__proto__":1.0}');
  });
});

const numberText = fc.oneof(
  fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,25})(?:\.[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,3})?$/),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const memberName = fc.oneof(fc.string({ unit: "binary", maxLength: 4 }), fc.constantFrom("__proto__", "constructor"));

const fromEntries = (entries: readonly (readonly [string, ExactJsonValue])[]): ExactJsonValue => {
  const members = {};
  for (const [name, value] of entries) {
    Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return members;
};

const { exactJson } = fc.letrec<{ exactJson: ExactJsonValue }>((tie) => ({
  exactJson: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    numberText.map(exactNumber),
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("exactJson"), { maxLength: 3 }),
    fc.array(fc.tuple(memberName, tie("exactJson")), { maxLength: 3 }).map(fromEntries),
  ),
}));

/** Members sorted, numbers as they were written: said independently of the code under test. */
const exactText = (value: ExactJsonValue): string => {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(exactText).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${exactText(member)}`).join()}}`;
};

describe("attributes of any payload", () => {
  it("come through the log unchanged, with their exact text", () => {
    fc.assert(
      fc.property(exactJson, (exact) => {
        const attribute = only(exact);
        const fromLog = JSON.parse(JSON.stringify(attribute)) as Attribute;
        assert.deepEqual(fromLog, attribute);
        assert.equal(attributeText(fromLog), typeof exact === "string" ? exact : exactText(exact));
      }),
      { numRuns: 2_000 },
    );
  });

  it("have a value that the text gives too, when it is read as doubles", () => {
    fc.assert(
      fc.property(exactJson, (exact) => {
        const { value, valueType } = only(exact);
        assert.deepEqual(value, plainValue(exact));
        if (typeof value === "string") return;
        assert.equal(canonicalJson(value), canonicalJson(plainValue(JSON.parse(exactText(exact)) as ExactJsonValue)));
        if (valueType === "integer") assert.match(exactText(exact), /^-?[0-9]+$/);
        if (valueType === "number") assert.match(exactText(exact), /[.eE]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are never two of one name", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "__proto__");
    const rename = fc.uniqueArray(fc.tuple(name, name), { selector: ([source]) => source }).map(Object.fromEntries);
    const payload = fc.array(fc.tuple(name, fc.constant(1))).map(fromEntries);
    fc.assert(
      fc.property(payload, rename, (exact, renames) => {
        // Two sources with one target are refused in a definition.
        const targets = Object.values(renames);
        fc.pre(new Set(targets).size === targets.length);
        const names = stored(exact, { rename: renames }).map(([attribute]) => attribute);
        assert.equal(new Set(names).size, Object.keys(exact as object).length);
      }),
    );
  });
});

describe("typed numbers", () => {
  it("are those of numbers and booleans", () => {
    const cases: readonly (readonly [unknown, number | null])[] = [
      [1.5, 1.5],
      [0, 0],
      [true, 1],
      [false, 0],
      [null, null],
      ["1", null],
      [[1], null],
      [Number.POSITIVE_INFINITY, null],
    ];
    for (const [value, number] of cases) assert.equal(typedNumber(value), number);
  });
});

describe("canonical JSON", () => {
  it("is that of RFC 8785", () => {
    const value = {
      "\u20ac": 1,
      "\r": [1e21, 1e-7, 4.5, 0.002, 1e30],
      "😀": '\u000f\n"\\/',
      ﬁ: null,
      1: true,
      a: undefined,
    };
    assert.equal(
      canonicalJson(value),
      '{"\\r":[1e+21,1e-7,4.5,0.002,1e+30],"1":true,"€":1,"😀":"\\u000f\\n\\"\\\\/","ﬁ":null}',
    );
    assert.equal(canonicalJson([undefined, Number.NaN]), "[null,null]");
    assert.equal(canonicalJson(undefined), "null");
  });

  it("is JSON that says the same, whatever the order of members", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(JSON.parse(text)), text);
      }),
    );
  });
});
