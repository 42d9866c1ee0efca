/**
 * Canonical JSON after RFC 8785 (members sorted by UTF-16 code units, no white space, ECMAScript number format), with
 * one exception that the log needs: an `ExactNumber` is written as its own text.
 */
import { ExactNumber } from "../ports/payload.ts";

/** `undefined` members are left out, as in JSON.stringify; what JSON has no text for is `null`. */
export const canonicalJson = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return canonicalArray(value);
  return canonicalObject(value as Record<string, unknown>);
};

const canonicalArray = (items: readonly unknown[]): string => {
  let text = "[";
  for (let index = 0; index < items.length; index++) {
    text += index === 0 ? canonicalJson(items[index]) : `,${canonicalJson(items[index])}`;
  }
  return `${text}]`;
};

const canonicalObject = (members: Readonly<Record<string, unknown>>): string => {
  let text = "{";
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    text += `${text.length > 1 ? "," : ""}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
};
