/** Events as leaves of the tree: their hashes and ids as a tile keeps them. */
import { hash } from "node:crypto";
import type { RecordedEvent } from "@sluice/contracts";
import { eventEntry, HASH_BYTES, ID_BYTES } from "@sluice/domain";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NO_ID = Buffer.alloc(ID_BYTES);

/** A hash, written at its place. Through text: a Buffer for each would take as long as the hash itself. */
export const writeHash = (leaves: Buffer, place: number, input: string | Uint8Array): void => {
  leaves.write(hash("sha256", input, "latin1"), place * HASH_BYTES, HASH_BYTES, "latin1");
};

export const leavesOf = (events: readonly RecordedEvent[]): Buffer => {
  const leaves = Buffer.allocUnsafe(events.length * HASH_BYTES);
  // `leafHash` of the domain, in one step.
  for (const [place, event] of events.entries()) writeHash(leaves, place, `\0${eventEntry(event)}`);
  return leaves;
};

/** Zeros for an id that is no UUID. */
export const idBytes = (id: string): Buffer => (UUID.test(id) ? Buffer.from(id.replaceAll("-", ""), "hex") : NO_ID);

/** Of an event of a tile; null where its id was no UUID. */
export const idAt = (ids: Uint8Array, place: number): string | null => {
  const bytes = Buffer.from(ids.buffer, ids.byteOffset + place * ID_BYTES, ID_BYTES);
  if (bytes.equals(NO_ID)) return null;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
