/** What a schema forbids: a good value, made bad in one place after another. */
import type { ApiDocument, Json, Parameter } from "./document.ts";

export interface BadValue {
  readonly what: string;
  readonly value: unknown;
}

const OTHERS: readonly unknown[] = ["text", -7.5, true, null, ["in", "an", "array"], { an: "object" }];

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const outOfBounds = ({ minimum, exclusiveMinimum, maximum, minLength, maxLength, enum: names }: Json): unknown[] => [
  ...(minimum === undefined ? [] : [(minimum as number) - 1]),
  ...(exclusiveMinimum === undefined ? [] : [exclusiveMinimum]),
  ...(maximum === undefined ? [] : [(maximum as number) + 1]),
  ...(minLength === undefined || minLength === 0 ? [] : ["x".repeat((minLength as number) - 1)]),
  ...(maxLength === undefined ? [] : ["x".repeat((maxLength as number) + 1)]),
  ...(names === undefined ? [] : ["none-of-them"]),
];

/** Of a schema and its alternatives: members that may be there. */
const membersOf = (document: ApiDocument, given: Json): Readonly<Record<string, Json>> => {
  const schema = document.resolve(given);
  const own = (schema.properties ?? {}) as Readonly<Record<string, Json>>;
  const others = Array.isArray(schema.anyOf) ? schema.anyOf.map((one) => membersOf(document, one as Json)) : [];
  return Object.assign({}, ...others, own);
};

/** Values that the schema does not allow, each different from `good` in one place. */
export const badBodies = (document: ApiDocument, schema: Json, good: unknown): readonly BadValue[] => {
  const found: BadValue[] = OTHERS.map((value) => ({ what: `the whole is ${JSON.stringify(value)}`, value }));
  if (isObject(good)) {
    found.push({ what: "an unknown member", value: { ...good, notAMember: 1 } });
    for (const name of Object.keys(good)) {
      const { [name]: _, ...without } = good;
      found.push({ what: `without ${name}`, value: without });
    }
    for (const [name, member] of Object.entries(membersOf(document, schema))) {
      for (const value of [...OTHERS, ...outOfBounds(document.resolve(member))]) {
        found.push({ what: `${name} is ${JSON.stringify(value)?.slice(0, 40)}`, value: { ...good, [name]: value } });
      }
    }
  }
  return found.filter(({ value }) => document.errors(schema, value).length > 0);
};

/** A parameter's text as the number that its schema wants. */
const asParameter = (schema: Json, text: string): unknown =>
  schema.type === "integer" && /^-?\d+$/.test(text) ? Number(text) : text;

/** Texts that the parameter cannot be. */
export const badTexts = (document: ApiDocument, { schema: given }: Parameter): readonly string[] => {
  const schema = document.resolve(given);
  const texts = ["", "not-one", "-1", "0", "1.5", "1e9", "1001", "ü/%00", "x".repeat(200), "[object Object]"];
  return texts.filter((text) => document.errors(schema, asParameter(schema, text)).length > 0);
};
