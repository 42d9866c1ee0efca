/** Paging cursors of the projection's listings: opaque to clients, and checked when they come back. */
import { BadCursor } from "../ports/projection-store.ts";

/** Which listing a cursor belongs to, and the parts of the key that it stands after; base64url. */
export const encodeCursor = (listing: string, key: readonly (string | number)[]): string =>
  btoa(inAscii(JSON.stringify([listing, ...key])))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/**
 * @param shape what each part of the listing's key must be
 * @throws BadCursor on anything that `encodeCursor` has not made for this listing
 */
export const decodeCursor = (
  listing: string,
  shape: readonly ("string" | "number")[],
  cursor: string,
): readonly (string | number)[] => {
  const [owner, ...key] = parse(cursor);
  const partFits = (part: unknown, index: number): boolean =>
    shape[index] === "string" ? typeof part === "string" : Number.isSafeInteger(part);
  const fits = owner === listing && key.length === shape.length && key.every(partFits);
  if (!fits) throw new BadCursor("the cursor is not one that this listing has given out");
  return key as (string | number)[];
};

const parse = (cursor: string): readonly unknown[] => {
  try {
    const parsed: unknown = JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
};

/** JSON in ASCII: `btoa` takes nothing beyond Latin-1. */
const inAscii = (json: string): string =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
