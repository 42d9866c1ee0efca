/**
 * The log as the text that the seals cover, for a store that reads it faster so than as events: `readEntries` of
 * `EventStore`.
 */

export interface EntryOptions {
  /** Exclusive; absent: from the start. */
  readonly after?: string;
  /** Entries at the most, at least 1. */
  readonly limit: number;
}

export interface EntryPage {
  /** What each leaf is hashed from, one after the other: a zero byte and the `eventEntry` in UTF-8. */
  readonly inputs: Uint8Array;
  /** Where each of them ends. */
  readonly ends: Uint32Array;
  /** Of the events, 16 bytes each as of a UUID; zeros for an id that is none. */
  readonly ids: Uint8Array;
  /** Of the event at that place of the page. */
  positionAt(place: number): string;
  /** As of a `ReadPage`. */
  readonly position: string | null;
  readonly atEnd: boolean;
}
