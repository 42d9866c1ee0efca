import { createHash, randomUUID, randomUUIDv7 } from "node:crypto";
import type { Clock, IdSource } from "@sluice/domain";

export const systemClock: Clock = { now: () => Date.now() };

/** A name for a Merkle tree, which no other has. */
export const newTreeName = (): string => `sluice/${randomUUID()}`;

export const uuidv7: IdSource = { next: () => randomUUIDv7() };

/**
 * A UUID made from text, always the same for the same text (version 8, RFC 9562 section 5.8: the first 122 free bits of
 * its SHA-256). For events that may be said twice and must be recorded once.
 */
export const derivedId = (text: string): string => {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
