/**
 * Whether a cursor belongs to the log. One that does not is found when a log was restored from an older copy, or another
 * one configured, and a projection or a queue kept: everything up to that position would be passed over in silence.
 */
import {
  type EventStore,
  EventStoreUnavailable,
  type OfflineQueue,
  type ProjectionStore,
  ProjectionUnavailable,
} from "@sluice/domain";
import { FORWARDER, PROJECTOR } from "./sink-names.ts";

export class CursorBeyondLog extends Error {
  override readonly name = "CursorBeyondLog";
}

/**
 * @param what whose cursor it is, as the start of a sentence
 * @throws CursorBeyondLog, or what the store throws when it cannot be read
 */
export const checkCursor = async (store: EventStore, what: string, cursor: string | null): Promise<void> => {
  if (cursor === null) return;
  const head = await store.head();
  if (head !== null && isUpTo(store, cursor, head)) return;
  const end = head === null ? "the log is empty" : `the log ends at position ${head}`;
  throw new CursorBeyondLog(
    `${what} has taken in a log up to position ${cursor}, but ${end}: it is not the log that it was made from`,
  );
};

const isUpTo = (store: EventStore, cursor: string, head: string): boolean => {
  try {
    return store.compare(cursor, head) <= 0;
  } catch (error) {
    // Of another kind of store.
    if (error instanceof RangeError) return false;
    throw error;
  }
};

export interface CheckedStores {
  readonly store: EventStore;
  readonly projection: ProjectionStore;
  /** Not started; it is the forwarder's. */
  readonly queue: OfflineQueue;
}

/**
 * Of both sinks, before the log grows. Where a server is away each sink looks for itself when it is back.
 * @throws CursorBeyondLog
 */
export const checkCursors = async ({ store, projection, queue }: CheckedStores): Promise<void> => {
  await queue.start();
  try {
    const delivered = await queue.cursor(FORWARDER);
    await checkCursor(store, "the delivery queue", delivered);
    await checkCursor(store, "the projection", await projection.cursor(PROJECTOR));
  } catch (error) {
    if (!(error instanceof EventStoreUnavailable || error instanceof ProjectionUnavailable)) throw error;
  } finally {
    await queue.stop();
  }
};
