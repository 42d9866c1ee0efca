/** The log as the entries of the tree, from any store: from those that have them, or made of the events. */
import { setTimeout as delay } from "node:timers/promises";
import {
  type EntryPage,
  EntryWriter,
  type EventStore,
  HASH_BYTES,
  type ReadPage,
  type SubscribeOptions,
} from "@sluice/domain";
import { writeHash } from "./event-leaves.ts";

const entriesOf = ({ events, position, atEnd }: ReadPage): EntryPage => {
  const writer = new EntryWriter();
  for (const event of events) writer.add(event);
  const positionAt = (place: number): string => events[place]?.position ?? "";
  return { ...writer.take(), positionAt, position, atEnd };
};

/** Entries of a page at the most: many in one transaction while much comes in. */
const PAGE = 4_096;
/** How long new events may wait; looking for them costs as much as sealing dozens. */
const POLL_MS = 200;

/** Every entry after the start point once, in order, until the signal. @throws EventStoreUnavailable */
export async function* entryPages(
  store: EventStore,
  { after, signal }: Pick<SubscribeOptions, "after" | "signal">,
): AsyncGenerator<EntryPage> {
  const start = after === undefined ? {} : { after };
  if (store.readEntries === undefined) {
    for await (const page of store.subscribe({ ...start, signal })) yield entriesOf(page);
    return;
  }
  for (let from = start; !signal.aborted; ) {
    const page = await store.readEntries({ ...from, limit: PAGE });
    if (page.position !== null) {
      from = { after: page.position };
      yield page;
    }
    if (page.atEnd) await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** Leaf hashes, one after the other. */
export const leavesOfPage = ({ inputs, ends }: EntryPage): Buffer => {
  const leaves = Buffer.allocUnsafe(ends.length * HASH_BYTES);
  let start = 0;
  for (let place = 0; place < ends.length; place++) {
    const end = ends[place] as number;
    writeHash(leaves, place, inputs.subarray(start, end));
    start = end;
  }
  return leaves;
};

/**
 * Leaf hashes of so many events after a position; null where the log has fewer, where one of them cannot be read, or
 * where the store has no entries.
 */
export const readLeaves = async (store: EventStore, after: string | null, count: number): Promise<Buffer | null> => {
  const leaves: Buffer[] = [];
  let position = after;
  for (let left = count; left > 0; ) {
    const page = await store
      .readEntries?.({ limit: left, ...(position === null ? {} : { after: position }) })
      .catch(() => null);
    if (page == null || page.ends.length === 0) return null;
    leaves.push(leavesOfPage(page));
    left -= page.ends.length;
    position = page.position;
    if (page.atEnd && left > 0) return null;
  }
  return leaves.length === 1 ? (leaves[0] as Buffer) : Buffer.concat(leaves);
};
