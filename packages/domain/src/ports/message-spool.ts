/**
 * A local log of batches of messages that cannot be committed to the event log now: first in, first out.
 *
 * Protocol. `append` is durable (fsync) when it resolves: messages are acknowledged on that. Entries are read in the
 * order in which they were appended, any number of times, and removed once the event log has what they hold. What is
 * in an entry is the pipeline's affair.
 *
 * Bound. The bytes of the entries are counted; an entry that would pass the bound is refused (`SpoolFull`), and nothing
 * that is in is ever given up for it. An empty spool takes an entry of any size.
 */
export interface SpoolEntry {
  /** Rises. */
  readonly id: number;
  readonly data: Uint8Array;
}

export interface SpoolStatus {
  readonly entries: number;
  readonly bytes: number;
  readonly capacityBytes: number;
}

export interface MessageSpool {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * All or nothing, in this order.
   * @returns the entries' ids
   * @throws SpoolFull, SpoolUnavailable; nothing was written
   */
  append(entries: readonly Uint8Array[]): Promise<readonly number[]>;
  /**
   * Those after this id, the oldest first: at least one if there is one, and none more once they have so many bytes.
   * @throws SpoolUnavailable
   */
  read(after: number, atMost: { readonly entries: number; readonly bytes: number }): Promise<readonly SpoolEntry[]>;
  /** An id that is not there is no error. @throws SpoolUnavailable */
  remove(ids: readonly number[]): Promise<void>;
  status(): SpoolStatus;
}

export class SpoolFull extends Error {
  override readonly name = "SpoolFull";
}

export class SpoolUnavailable extends Error {
  override readonly name = "SpoolUnavailable";
}
