/**
 * Keywords that ajv 8.20 implements in a way that a payload from outside can abuse or that is wrong for decimals. Each
 * replaces ajv's own.
 */
import { canonicalJson } from "@sluice/domain";
import type { Ajv, KeywordDefinition } from "ajv";

const isComposite = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * Equality of JSON values. ajv's deep equality calls the `valueOf` of the data when it differs from the usual one, so
 * `{"valueOf": 1}` makes it throw.
 */
const equals = (expected: unknown): ((data: unknown) => boolean) => {
  if (!isComposite(expected)) return (data) => data === expected;
  const text = canonicalJson(expected);
  return (data) => isComposite(data) && canonicalJson(data) === text;
};

const isOneOf = (allowed: readonly unknown[]): ((data: unknown) => boolean) => {
  const scalars = new Set(allowed.filter((value) => !isComposite(value)));
  const composites = new Set(allowed.filter(isComposite).map(canonicalJson));
  return (data) => (isComposite(data) ? composites.size > 0 && composites.has(canonicalJson(data)) : scalars.has(data));
};

/** In one pass; ajv compares every pair of items, which takes minutes for a megabyte of them. */
const hasUniqueItems = (items: readonly unknown[]): boolean => {
  const scalars = new Set<unknown>();
  const composites = new Set<string>();
  for (const item of items) {
    if (isComposite(item)) composites.add(canonicalJson(item));
    else scalars.add(item);
  }
  return scalars.size + composites.size === items.length;
};

interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

const toDecimal = (value: number): Decimal => {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return { digits: BigInt(sign + whole + fraction), exponent: Number(exponent) - fraction.length };
};

/** Decimal arithmetic, not binary: 0.3 is a multiple of 0.1, and 1e20 + 0.05 is not one by rounding. */
const isMultipleOf = (divisor: number): ((value: number) => boolean) => {
  const by = toDecimal(divisor);
  return (value) => {
    if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
    const of = toDecimal(value);
    const exponent = Math.min(of.exponent, by.exponent);
    const scaled = ({ digits, exponent: own }: Decimal) => digits * 10n ** BigInt(own - exponent);
    return scaled(of) % scaled(by) === 0n;
  };
};

const keywords: readonly (KeywordDefinition & { readonly keyword: string })[] = [
  { keyword: "const", compile: equals },
  { keyword: "enum", schemaType: "array", compile: isOneOf },
  { keyword: "multipleOf", type: "number", schemaType: "number", compile: isMultipleOf },
  {
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    compile: (wanted: boolean) => (items: readonly unknown[]) => !wanted || hasUniqueItems(items),
  },
];

export const replaceKeywords = (ajv: Ajv): void => {
  for (const definition of keywords) ajv.removeKeyword(definition.keyword).addKeyword(definition);
};

/**
 * The `code.process` option of ajv, which sees the code that it generates. ajv keeps the members that a schema has
 * evaluated in a plain object and asks it `props[key]`; for `constructor` or `__proto__` the answer comes from
 * Object.prototype, and such members would pass `unevaluatedProperties: false`.
 */
export const askOwnMembersOnly = (code: string): string =>
  code.replace(/!(props\d+) \|\| !\1\[(key\d+)\]/g, "!$1 || !Object.hasOwn($1, $2)");
