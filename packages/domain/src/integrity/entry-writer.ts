/** Writes what the leaves of the tree are hashed from, of events as a store keeps them: `eventEntry` without parsing. */
import type { RecordedEvent } from "@sluice/contracts";
import { CANNOT_TELL, CanonicalBytes } from "./canonical-bytes.ts";
import { eventEntry } from "./event-leaf.ts";

/** Bytes of an id in a tile: those of a UUID, or zeros for an id that is none. */
export const ID_BYTES = 16;

/** Where the parts of an event stand in its JSON text, ends exclusive. */
export interface EntryParts {
  id: number;
  idEnd: number;
  type: number;
  typeEnd: number;
  schemaVersion: number;
  schemaVersionEnd: number;
  /** Null: it is empty. */
  metadata: number | null;
}

/** What events that were appended together have in common. */
export interface EntryEnvelope {
  readonly stream: string;
  readonly recordedAt: string;
}

/** An entry without its parts and envelope, generously. */
const FRAME_BYTES = 256;

const encoder = new TextEncoder();
const bytes = (text: string): Uint8Array => encoder.encode(text);

const BEGIN = bytes('\0{"data":');
const ID = bytes(',"id":');
const METADATA = bytes(',"metadata":');
const NO_METADATA = bytes(',"metadata":{}');
const SCHEMA_VERSION = bytes(',"schemaVersion":');
const TYPE = bytes(',"type":');
const VERSION = bytes(',"version":');
const [BRACE, END_BRACE, ZERO, DASH] = [0x7b, 0x7d, 0x30, 0x2d];
/** Of a UUID within its quotes. */
const UUID_CHARACTERS = 36;
const DASHES: readonly number[] = [8, 13, 18, 23];

export class EntryWriter {
  readonly #json = new CanonicalBytes();
  readonly #ends: number[] = [];
  #ids = new Uint8Array(ID_BYTES * 64);
  #stream = { text: "", written: bytes("") };
  #recordedAt = { text: "", written: bytes("") };

  get count(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#json.at;
  }

  /** Makes room for text of so many bytes that holds so many events. */
  reserve(textBytes: number, events: number, envelope: EntryEnvelope): void {
    if (this.#stream.text !== envelope.stream) {
      this.#stream = { text: envelope.stream, written: bytes(`,"stream":${JSON.stringify(envelope.stream)}`) };
    }
    if (this.#recordedAt.text !== envelope.recordedAt) {
      const written = bytes(`,"recordedAt":${JSON.stringify(envelope.recordedAt)}`);
      this.#recordedAt = { text: envelope.recordedAt, written };
    }
    const each = FRAME_BYTES + this.#stream.written.length + this.#recordedAt.written.length;
    this.#json.reserve(textBytes + events * each);
    this.#reserveIds(events);
  }

  /** Begins an entry with its data; returns where the data ends, or `CANNOT_TELL`. */
  begin(input: Uint8Array, data: number): number {
    this.#put(BEGIN);
    return input[data] === BRACE ? this.#json.value(input, data) : CANNOT_TELL;
  }

  /** Ends it, in the envelope last reserved for; returns where the metadata ends (0 without), or `CANNOT_TELL`. */
  end(input: Uint8Array, parts: EntryParts, version: number): number {
    const json = this.#json;
    let end = 0;
    this.#put(ID);
    json.copy(input, parts.id, parts.idEnd);
    if (parts.metadata === null) this.#put(NO_METADATA);
    else {
      this.#put(METADATA);
      end = input[parts.metadata] === BRACE ? json.value(input, parts.metadata) : CANNOT_TELL;
      if (end < 0) return CANNOT_TELL;
    }
    this.#put(this.#recordedAt.written);
    this.#put(SCHEMA_VERSION);
    json.copy(input, parts.schemaVersion, parts.schemaVersionEnd);
    this.#put(this.#stream.written);
    this.#put(TYPE);
    json.copy(input, parts.type, parts.typeEnd);
    this.#put(VERSION);
    this.#integer(version);
    json.byte(END_BRACE);
    writeId(this.#ids, this.count * ID_BYTES, input, parts.id + 1, parts.idEnd - 1);
    this.#ends.push(json.at);
    return end;
  }

  /** An event that had to be parsed. */
  add(event: RecordedEvent): void {
    const entry = bytes(`\0${eventEntry(event)}`);
    this.#json.reserve(entry.length);
    this.#json.copy(entry, 0, entry.length);
    this.#reserveIds(1);
    const id = bytes(event.id);
    writeId(this.#ids, this.count * ID_BYTES, id, 0, id.length);
    this.#ends.push(this.#json.at);
  }

  /** Takes back what was written after there were so many entries. */
  cutTo(count: number): void {
    this.#ends.length = count;
    this.#json.at = this.#ends.at(-1) ?? 0;
  }

  /** A copy of all; the writer is empty after that. */
  take(): { readonly inputs: Uint8Array; readonly ends: Uint32Array; readonly ids: Uint8Array } {
    const ends = Uint32Array.from(this.#ends);
    const taken = {
      inputs: this.#json.out.slice(0, this.#json.at),
      ends,
      ids: this.#ids.slice(0, this.count * ID_BYTES),
    };
    this.cutTo(0);
    return taken;
  }

  #reserveIds(more: number): void {
    const needed = (this.count + more) * ID_BYTES;
    if (needed <= this.#ids.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#ids.length * 2));
    grown.set(this.#ids);
    this.#ids = grown;
  }

  #put(written: Uint8Array): void {
    this.#json.copy(written, 0, written.length);
  }

  #integer(value: number): void {
    const json = this.#json;
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    json.at += digits;
    for (let [at, rest] = [json.at, value]; digits > 0; digits--, rest = Math.floor(rest / 10)) {
      json.out[--at] = ZERO + (rest % 10);
    }
  }
}

const hexDigit = new Uint8Array(256).fill(0xff);
for (const [value, digit] of Array.from("0123456789abcdef").entries()) {
  hexDigit[digit.charCodeAt(0)] = value;
  hexDigit[digit.toUpperCase().charCodeAt(0)] = value;
}

const writeId = (ids: Uint8Array, at: number, input: Uint8Array, from: number, end: number): void => {
  if (end - from === UUID_CHARACTERS && writeUuid(ids, at, input, from)) return;
  ids.fill(0, at, at + ID_BYTES);
};

const writeUuid = (ids: Uint8Array, at: number, input: Uint8Array, from: number): boolean => {
  for (const dash of DASHES) if (input[from + dash] !== DASH) return false;
  let index = from;
  for (let place = 0; place < ID_BYTES; place++) {
    if (input[index] === DASH) index++;
    const high = hexDigit[input[index++] as number] as number;
    const low = hexDigit[input[index++] as number] as number;
    if ((high | low) > 0xf) return false;
    ids[at + place] = high * 16 + low;
  }
  return true;
};
