/** JSON.parse is the oracle: what the codec accepts, it accepts with the same value; what it refuses has a reason. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonPayloadCodec } from "@sluice/adapter-ajv";
import { type ExactJsonValue, ExactNumber } from "@sluice/domain";
import fc from "fast-check";

const codec = new JsonPayloadCodec();
const decode = (text: string) => codec.decode(new TextEncoder().encode(text));

/** Serialises with white space from the list, taken in turn, between any two tokens. */
const spacedJson = (value: unknown, spaces: readonly string[]): string => {
  let turn = 0;
  const space = () => spaces[turn++ % spaces.length] ?? "";
  const write = (item: unknown): string => {
    if (Array.isArray(item)) return `[${space()}${item.map(write).join(`,${space()}`)}]${space()}`;
    if (typeof item !== "object" || item === null) return `${JSON.stringify(item)}${space()}`;
    const members = Object.entries(item).map(
      ([name, member]) => `${JSON.stringify(name)}${space()}:${space()}${write(member)}`,
    );
    return `{${space()}${members.join(`,${space()}`)}}${space()}`;
  };
  return space() + write(value);
};

const wellFormed = (text: string): boolean => text.isWellFormed();
const jsonValue = fc.jsonValue({ stringUnit: "binary", maxDepth: 8 });
const spaces = fc.array(fc.constantFrom("", "", " ", "\t", "\r\n", "  \n"), { minLength: 1, maxLength: 20 });

test("any JSON value, with any white space, decodes to itself", () => {
  fc.assert(
    fc.property(jsonValue, spaces, (value, between) => {
      const text = spacedJson(value, between);
      const result = decode(text);
      assert.ok(result.ok, JSON.stringify(result));
      assert.deepEqual(result.value, JSON.parse(text));
    }),
    { numRuns: 1_000 },
  );
});

const numberText = fc.stringMatching(/^-?(0|[1-9]\d{0,19})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/);

test("every number is its nearest double, and its text is kept where the double would lose it", () => {
  fc.assert(
    fc.property(numberText, (text) => {
      const result = decode(text);
      if (!Number.isFinite(Number(text))) {
        assert.ok(!result.ok && result.errors[0].keyword === "json");
        return;
      }
      assert.ok(result.ok);
      assert.ok(Object.is(result.value, Number(text)), text);
      const kept: ExactJsonValue = result.exact;
      assert.equal(kept instanceof ExactNumber, String(Number(text)) !== text, text);
      assert.equal(kept instanceof ExactNumber ? kept.text : String(kept), text);
    }),
    { numRuns: 10_000 },
  );
});

const hasDuplicates = (text: string): boolean => {
  const result = decode(text);
  return !result.ok && result.errors[0].keyword === "duplicateKey";
};

const fragment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'{}[]:,"\\u0e-+. \n\ttruefalsn19') },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
);

test("a text that was tampered with is judged as JSON.parse judges it", () => {
  fc.assert(
    fc.property(jsonValue, fc.nat(), fc.nat({ max: 2 }), fragment, (value, at, cut, inserted) => {
      const original = JSON.stringify(value);
      const place = at % (original.length + 1);
      const text = original.slice(0, place) + inserted + original.slice(place + cut);
      fc.pre(wellFormed(text) && !text.startsWith("\uFEFF"));
      let oracle: { readonly value: unknown } | undefined;
      try {
        oracle = { value: JSON.parse(text) };
      } catch {
        oracle = undefined;
      }
      const result = decode(text);
      if (result.ok) {
        assert.ok(oracle, `accepted ${text}`);
        assert.deepEqual(result.value, oracle.value);
      } else if (oracle !== undefined) {
        const [{ keyword, message }] = result.errors;
        const stricter =
          hasDuplicates(text) ||
          keyword === "encoding" ||
          (keyword === "json" && message.includes("range of a double"));
        assert.ok(stricter, `refused ${text}: ${message}`);
      }
    }),
    { numRuns: 10_000 },
  );
});

test("a repeated member name is always found", () => {
  const name = fc.string({ unit: "binary", maxLength: 8 }).filter(wellFormed);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 50 }), fc.nat(), jsonValue, (names, at, value) => {
      const members = names.map((each) => `${JSON.stringify(each)}:${JSON.stringify(value)}`);
      assert.ok(decode(`{${members.join()}}`).ok);
      const repeated = members[at % members.length] as string;
      assert.ok(hasDuplicates(`{${members.join()},${repeated}}`));
    }),
  );
});

test("random bytes never throw, and invalid UTF-8 is never accepted", () => {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (payload) => {
      const result = codec.decode(payload);
      if (result.ok) assert.doesNotThrow(() => utf8.decode(payload));
      else assert.ok(result.errors[0].message.length > 0);
    }),
    { numRuns: 5_000 },
  );
});
