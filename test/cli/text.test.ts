/** Tables, and the forms that definitions may be written in. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDefinitions, table } from "@sluice/app/cli";
import fc from "fast-check";

interface Row {
  readonly name: string;
  readonly count: number | null;
  readonly text: string;
}

const columns = [
  { header: "NAME", value: ({ name }: Row) => name, flexible: true },
  { header: "COUNT", value: ({ count }: Row) => count, align: "right" },
  { header: "TEXT", value: ({ text }: Row) => text, flexible: true },
] as const;

describe("table", () => {
  it("aligns its columns", () => {
    const rows = [
      { name: "a", count: 5, text: "x" },
      { name: "long name", count: null, text: "y" },
    ];
    assert.equal(table(columns, rows, 80), "NAME       COUNT  TEXT\na              5  x\nlong name      -  y");
  });

  it("shortens the longest of its flexible columns", () => {
    const rows = [{ name: "twelve chars", count: 1, text: "t".repeat(100) }];
    assert.equal(table(columns, rows, 40).split("\n")[1], `twelve chars      1  ${"t".repeat(18)}…`);
  });

  it("fits, and lets nothing through that would steer a terminal", () => {
    const row = fc.record({
      name: fc.string({ unit: "binary" }),
      count: fc.nat(),
      text: fc.string({ unit: "binary" }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        const lines = table(columns, rows, 80).split("\n");
        assert.equal(lines.length, rows.length + 1);
        for (const line of lines) {
          assert.ok([...line].length <= 80);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
          assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/);
        }
      }),
    );
  });
});

describe("definition files", () => {
  const a = { code: "A" };
  const b = { code: "B" };
  const table: readonly [string, string, readonly unknown[]][] = [
    ["one document", "code: A", [a]],
    ["several documents", "code: A\n---\ncode: B\n", [a, b]],
    ["documents that are empty", "---\n# nothing\n---\ncode: A\n---\n", [a]],
    ["a list", "- code: A\n- code: B", [a, b]],
    ["a list under flows", "flows:\n  - code: A\n  - code: B", [a, b]],
    ["JSON", '{"flows": [{"code": "A"}]}', [a]],
    ["a JSON list", '\t[{"code":"A"},\n\t{"code":"B"}]', [a, b]],
    ["nothing", "", []],
    ["what is no definition", "5", [5]],
  ];
  for (const [name, text, values] of table) {
    it(`reads ${name}`, () => assert.deepEqual(parseDefinitions("f.yaml", text), values));
  }

  it("says what is wrong with a file", () => {
    assert.throws(() => parseDefinitions("f.yaml", "a: [1"), { message: "f.yaml is not valid YAML" });
    assert.throws(() => parseDefinitions("f.json", "{a: 1}"), /f\.json is not valid JSON: /);
    assert.throws(() => parseDefinitions("f.yaml", "a: 1\na: 2"), {
      details: ["Map keys must be unique at line 2, column 1"],
    });
  });
});
