/**
 * Canonical JSON after RFC 8785 (members sorted by UTF-16 code units, no white space, ECMAScript number format), with
 * one exception that the log needs: an `ExactNumber` is written as its own text.
 */
import { ExactNumber } from "../ports/payload.ts";

/** `undefined` members are left out, as in JSON.stringify. */
export const canonicalJson = (value: unknown): string => {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = value as Record<string, unknown>;
    const parts: string[] = [];
    for (const key of Object.keys(members).sort()) {
      if (members[key] !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(members[key])}`);
    }
    return `{${parts.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
};
