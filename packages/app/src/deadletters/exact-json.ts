/** A value within a JSON text with its numbers as they were written, as a message's codec gives it. */
import { canonicalJson, type ExactJsonValue, ExactNumber } from "@sluice/domain";

export type ExactJson =
  | { readonly ok: true; readonly value: ExactJsonValue }
  | { readonly ok: false; readonly keyword: string; readonly message: string };

/** As in payloads. */
const MAX_DEPTH = 64;

/** ECMA-262, InternalizeJSONProperty: the source text of what is no object or array. */
type Reviver = (this: unknown, name: string, value: unknown, context: { readonly source?: string }) => unknown;

/** @param path names of members that are there; the text is JSON */
export const exactJson = (text: string, path: readonly string[]): ExactJson => {
  if (depthOf(text) > MAX_DEPTH + path.length) {
    return { ok: false, keyword: "depth", message: `nested deeper than ${MAX_DEPTH} levels` };
  }
  let beyond = false;
  let broken = false;
  const revive: Reviver = (_, value, { source }) => {
    if (typeof value === "string" && !value.isWellFormed()) broken = true;
    if (typeof value !== "number" || source === undefined) return value;
    if (!Number.isFinite(value)) beyond = true;
    return canonicalJson(value) === source ? value : new ExactNumber(source);
  };
  const whole = JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]) as unknown;
  if (beyond) return { ok: false, keyword: "json", message: "has a number beyond the range of a double" };
  if (broken) return { ok: false, keyword: "encoding", message: "has half of a surrogate pair" };
  const value = path.reduce((inner, name) => (inner as Readonly<Record<string, unknown>>)[name], whole);
  return { ok: true, value: value as ExactJsonValue };
};

/** Of brackets outside of strings. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[{\]}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth -= 1;
  }
  return deepest;
};
