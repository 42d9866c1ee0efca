/** Cursors of listings that the API pages itself: opaque to clients, checked when they come back. */
import { BadCursor } from "@sluice/domain";

export const encodeCursor = (listing: string, key: string): string =>
  Buffer.from(JSON.stringify([listing, key])).toString("base64url");

/** @throws BadCursor on anything that `encodeCursor` has not made for this listing */
export const decodeCursor = (listing: string, cursor: string): string => {
  try {
    const [owner, key, ...rest]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (owner === listing && typeof key === "string" && rest.length === 0) return key;
  } catch {
    // Told below.
  }
  throw new BadCursor("the cursor is not one that this listing has given out");
};
