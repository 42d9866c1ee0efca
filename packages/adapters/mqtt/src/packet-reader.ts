/**
 * Cuts what arrives into MQTT control packets (MQTT 5, 2.1) without copying: a packet within one chunk is a view of
 * it. A packet that spans chunks gets a buffer of its size, which is checked first, so that neither a huge
 * announcement nor a trickle of single bytes can take more memory than one packet of the maximum size.
 */
export class MalformedPacket extends Error {
  override readonly name = "MalformedPacket";
}

export class PacketTooLarge extends Error {
  override readonly name = "PacketTooLarge";
}

/** One whole packet is `buffer` from `start` to `end`, its variable header begins at `body`. */
export interface PacketHandler {
  /** Says whether the next packet may come; after `false` the reader holds until `resume()`. */
  packet(buffer: Buffer, start: number, body: number, end: number): boolean;
}

const NONE: Buffer = Buffer.alloc(0);
const MAXIMUM_HEADER_BYTES = 5;

export class PacketReader {
  readonly #maximumBytes: number;
  readonly #handler: PacketHandler;
  /** A packet that has not wholly arrived: its first `#filled` bytes. */
  #pending: Buffer | null = null;
  #filled = 0;
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
      const copied = unread.copy(this.#pending, this.#filled);
      this.#filled += copied;
      if (this.#filled < this.#pending.length) return;
      unread = unread.subarray(copied);
      const whole = this.#pending;
      this.#pending = null;
      this.#readAll(whole);
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

  #readAll(chunk: Buffer): void {
    let start = 0;
    while (start < chunk.length) {
      if (this.#holding) {
        this.#rest = start === 0 ? chunk : chunk.subarray(start);
        return;
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
      const end = body + length;
      const size = end - start;
      if (size > this.#maximumBytes) {
        throw new PacketTooLarge(`packet of ${size} bytes, the maximum is ${this.#maximumBytes}`);
      }
      if (end > chunk.length) {
        this.#pending = Buffer.allocUnsafeSlow(size);
        this.#filled = chunk.copy(this.#pending, 0, start);
        return;
      }
      this.#holding = !this.#handler.packet(chunk, start, body, end);
      start = end;
    }
  }
}
