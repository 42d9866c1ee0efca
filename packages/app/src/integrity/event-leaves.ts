/** Events as leaves of the tree: their hashes and ids, one after the other, as a tile keeps them. */
import { hash } from "node:crypto";
import type { RecordedEvent } from "@sluice/contracts";
import { eventEntry, HASH_BYTES } from "@sluice/domain";

export const ID_BYTES = 16;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NO_ID = Buffer.alloc(ID_BYTES);

/** The hash of an event, written at its place. Through text: a Buffer for each would take as long as the hash itself. */
export const writeLeaf = (leaves: Buffer, place: number, event: RecordedEvent): void => {
  // `leafHash` of the domain, in one step.
  leaves.write(hash("sha256", `\0${eventEntry(event)}`, "latin1"), place * HASH_BYTES, HASH_BYTES, "latin1");
};

export const leavesOf = (events: readonly RecordedEvent[]): Buffer => {
  const leaves = Buffer.allocUnsafe(events.length * HASH_BYTES);
  for (let place = 0; place < events.length; place++) writeLeaf(leaves, place, events[place] as RecordedEvent);
  return leaves;
};

/** Zeros for an id that is no UUID. */
export const idBytes = (id: string): Buffer => (UUID.test(id) ? Buffer.from(id.replaceAll("-", ""), "hex") : NO_ID);

export const writeId = (ids: Buffer, place: number, id: string): void => {
  const at = place * ID_BYTES;
  if (id.length !== 36 || !UUID.test(id)) {
    ids.fill(0, at, at + ID_BYTES);
    return;
  }
  const hex = id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
  ids.write(hex, at, ID_BYTES, "hex");
};

/** Of an event of a tile; null where its id was no UUID. */
export const idAt = (ids: Uint8Array, place: number): string | null => {
  const bytes = Buffer.from(ids.buffer, ids.byteOffset + place * ID_BYTES, ID_BYTES);
  if (bytes.equals(NO_ID)) return null;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
