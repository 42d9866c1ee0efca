/**
 * Cuts what arrives into MQTT control packets (MQTT 5, 2.1) without copying: a packet within one chunk is a view of
 * it. A packet that spans chunks gets a buffer of its size, at most of the maximum, so that neither a huge announcement
 * nor a trickle of single bytes can take more memory than one packet.
 *
 * A larger PUBLISH is cut to the maximum and the rest of it is read and dropped: closing the connection instead would
 * only make the broker send it again, for ever. Any other packet of that size is hostile and ends the connection.
 */
export class MalformedPacket extends Error {
  override readonly name = "MalformedPacket";
}

export class PacketTooLarge extends Error {
  override readonly name = "PacketTooLarge";
}

/** A packet is `buffer` from `start` to `end`, its variable header begins at `body`; `cut` bytes after `end` are gone. */
export interface PacketHandler {
  /** Says whether the next packet may come; after `false` the reader holds until `resume()`. */
  packet(buffer: Buffer, start: number, body: number, end: number, cut: number): boolean;
}

const NONE: Buffer = Buffer.alloc(0);
const MAXIMUM_HEADER_BYTES = 5;
const PUBLISH = 3;

interface Pending {
  readonly buffer: Buffer;
  filled: number;
  readonly body: number;
  readonly cut: number;
}

export class PacketReader {
  readonly #maximumBytes: number;
  readonly #handler: PacketHandler;
  /** A packet that has not wholly arrived. */
  #pending: Pending | null = null;
  /** Bytes of a packet that was cut, still to be dropped. */
  #dropping = 0;
  /** What has arrived and was not read: a part of a header, or anything while holding. */
  #rest: Buffer = NONE;
  #holding = false;

  constructor(maximumBytes: number, handler: PacketHandler) {
    this.#maximumBytes = maximumBytes;
    this.#handler = handler;
  }

  get holding(): boolean {
    return this.#holding;
  }

  /** @throws MalformedPacket, PacketTooLarge: the connection cannot go on */
  write(chunk: Buffer): void {
    let unread = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NONE;
    if (this.#holding) {
      this.#rest = unread;
      return;
    }
    if (this.#pending !== null) {
      const { buffer, body, cut } = this.#pending;
      const copied = unread.copy(buffer, this.#pending.filled);
      this.#pending.filled += copied;
      if (this.#pending.filled < buffer.length) return;
      this.#pending = null;
      unread = unread.subarray(copied);
      this.#hand(buffer, 0, body, buffer.length, cut);
    }
    this.#readAll(unread);
  }

  /** Goes on with what was held. */
  resume(): void {
    this.#holding = false;
    const held = this.#rest;
    this.#rest = NONE;
    this.#readAll(held);
  }

  #hand(buffer: Buffer, start: number, body: number, end: number, cut: number): void {
    this.#dropping = cut;
    this.#holding = !this.#handler.packet(buffer, start, body, end, cut);
  }

  #readAll(chunk: Buffer): void {
    let start = 0;
    while (start < chunk.length) {
      if (this.#holding) {
        this.#rest = start === 0 ? chunk : chunk.subarray(start);
        return;
      }
      if (this.#dropping > 0) {
        const dropped = Math.min(this.#dropping, chunk.length - start);
        this.#dropping -= dropped;
        start += dropped;
        continue;
      }
      let body = start + 1;
      let length = 0;
      let factor = 1;
      let byte = 0x80;
      while (byte >= 0x80 && body < chunk.length && body - start < MAXIMUM_HEADER_BYTES) {
        byte = chunk[body] as number;
        length += (byte & 0x7f) * factor;
        factor *= 128;
        body += 1;
      }
      if (byte >= 0x80) {
        if (body - start >= MAXIMUM_HEADER_BYTES) throw new MalformedPacket("remaining length of more than four bytes");
        this.#rest = chunk.subarray(start);
        return;
      }
      const size = body - start + length;
      const kept = Math.min(size, this.#maximumBytes);
      if (kept < size && (chunk[start] as number) >> 4 !== PUBLISH) {
        throw new PacketTooLarge(`packet of ${size} bytes, the maximum is ${this.#maximumBytes}`);
      }
      const end = start + kept;
      if (end > chunk.length) {
        const buffer = Buffer.allocUnsafeSlow(kept);
        this.#pending = { buffer, filled: chunk.copy(buffer, 0, start), body: body - start, cut: size - kept };
        return;
      }
      this.#hand(chunk, start, body, end, size - kept);
      start = end;
    }
  }
}
