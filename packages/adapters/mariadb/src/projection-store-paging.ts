/** Paging cursors: opaque to clients, and checked when they come back. */
import { BadCursor } from "@sluice/domain";

/** Which listing a cursor belongs to, and the parts of the key that it stands after. */
export const encodeCursor = (listing: string, key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([listing, ...key])).toString("base64url");

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
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
};
