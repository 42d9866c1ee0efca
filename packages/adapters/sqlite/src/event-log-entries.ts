/** Records of the event log as entries of the tree: bytes to bytes, since parsing them costs more than hashing them. */
import { isUtf8 } from "node:buffer";
import { CANNOT_TELL, EntryWriter, numberEnd, textEnd } from "@sluice/domain";
import { decodeRecord, type StoredEvent } from "./event-codec.ts";

export const ENTRY_ROW = `
  SELECT r.position, r.count, r.version, s.name, r.recorded_at, CAST(r.events AS BLOB)
  FROM records AS r JOIN streams AS s ON s.id = r.stream_id`;

/** As `ENTRY_ROW` has the columns. */
export type EntryRow = [
  position: number,
  count: number,
  version: number,
  stream: string,
  recordedAt: number,
  events: Uint8Array,
];

/** A page as the log gives it. */
export interface EncodedEntries {
  readonly inputs: Uint8Array;
  readonly ends: Uint32Array;
  readonly ids: Uint8Array;
  /** Of the events. */
  readonly positions: Float64Array;
  readonly position: number | null;
  readonly atEnd: boolean;
}

const [COMMA, BRACKET, END_BRACKET] = [0x2c, 0x5b, 0x5d];

/** Collects entries up to a number of them and about a number of bytes, at least one; page after page. */
export class RecordEntries {
  readonly #bytes: number;
  #limit = 0;
  readonly #writer = new EntryWriter();
  #positions: number[] = [];
  readonly #parts = {
    id: 0,
    idEnd: 0,
    type: 0,
    typeEnd: 0,
    schemaVersion: 0,
    schemaVersionEnd: 0,
    metadata: null as number | null,
  };
  #recordedAt = { at: Number.NaN, text: "" };

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Begins a page. */
  begin(limit: number): void {
    this.#limit = limit;
    this.#positions = [];
    this.#writer.cutTo(0);
  }

  get full(): boolean {
    return this.#positions.length >= this.#limit || this.#writer.bytes >= this.#bytes;
  }

  /** Takes the events of the record from a position on. */
  add([position, count, version, stream, recordedAt, events]: EntryRow, first: number): void {
    const low = Math.max(first - position, 0);
    const high = Math.min(count, low + this.#limit - this.#positions.length);
    if (low >= high) return;
    if (recordedAt !== this.#recordedAt.at) {
      this.#recordedAt = { at: recordedAt, text: new Date(recordedAt).toISOString() };
    }
    const envelope = { stream, recordedAt: this.#recordedAt.text };
    const before = this.#writer.count;
    // One more: what does not belong to the page is written, too, before it is taken back.
    this.#writer.reserve(events.length, high - low + 1, envelope);
    if (!isUtf8(events) || !this.#write(events, version, low, high)) {
      this.#writer.cutTo(before);
      const text = Buffer.from(events.buffer, events.byteOffset, events.byteLength).toString();
      const record = {
        ...envelope,
        version,
        position,
        events: JSON.parse(text) as StoredEvent[],
        from: low,
        to: high - 1,
      };
      for (const event of decodeRecord(record)) this.#writer.add(event);
    }
    for (let index = low; index < high; index++) this.#positions.push(position + index);
  }

  take(): Omit<EncodedEntries, "position" | "atEnd"> {
    return { ...this.#writer.take(), positions: Float64Array.from(this.#positions) };
  }

  /** The events of a record from one index up to another; false where only parsing can tell. */
  #write(events: Uint8Array, version: number, low: number, high: number): boolean {
    if (events[0] !== BRACKET) return false;
    for (let [index, at] = [0, 1]; ; index++) {
      const before = this.#writer.count;
      at = this.#event(events, at, version + index);
      if (at < 0) return false;
      if (index < low || index >= high) this.#writer.cutTo(before);
      const next = events[at++];
      if (next === END_BRACKET) return at === events.length && index >= high - 1;
      if (next !== COMMA) return false;
    }
  }

  /** Where the event ends, or `CANNOT_TELL`. */
  #event(events: Uint8Array, from: number, version: number): number {
    const parts = this.#parts;
    if (events[from] !== BRACKET) return CANNOT_TELL;
    parts.id = from + 1;
    parts.idEnd = textEnd(events, parts.id);
    if (events[parts.idEnd] !== COMMA) return CANNOT_TELL;
    parts.type = parts.idEnd + 1;
    parts.typeEnd = textEnd(events, parts.type);
    if (events[parts.typeEnd] !== COMMA) return CANNOT_TELL;
    parts.schemaVersion = parts.typeEnd + 1;
    parts.schemaVersionEnd = numberEnd(events, parts.schemaVersion);
    if (events[parts.schemaVersionEnd] !== COMMA) return CANNOT_TELL;
    const end = this.#writer.begin(events, parts.schemaVersionEnd + 1);
    if (end < 0) return CANNOT_TELL;
    const hasMetadata = events[end] === COMMA;
    parts.metadata = hasMetadata ? end + 1 : null;
    const ended = this.#writer.end(events, parts, version);
    if (ended < 0) return CANNOT_TELL;
    const close = hasMetadata ? ended : end;
    return events[close] === END_BRACKET ? close + 1 : CANNOT_TELL;
  }
}
