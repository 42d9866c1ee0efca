/**
 * Closes a connection that announces a larger packet than it may send. aedes and its parser have no such limit: they
 * would collect up to 256 MiB for one packet before they look at it.
 */
import type { Socket } from "node:net";

const MAXIMUM_HEADER_BYTES = 5;

/** Follows the packets of one stream by their headers alone (MQTT 3.1.1, 2.2.3). */
export class PacketSizes {
  readonly #maximumBytes: number;
  /** Bytes of the current packet that are still to come. */
  #remaining = 0;
  /** Bytes of the current header that were read; 0 between packets. */
  #headerBytes = 0;
  #length = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** Whether all is well after these bytes too. */
  accept(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#remaining > 0) {
        const skipped = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at] as number;
      at += 1;
      if (this.#headerBytes > 0) this.#length += (byte & 0x7f) * 128 ** (this.#headerBytes - 1);
      this.#headerBytes += 1;
      if (this.#headerBytes === 1 || byte >= 0x80) {
        if (this.#headerBytes >= MAXIMUM_HEADER_BYTES && byte >= 0x80) return false;
        continue;
      }
      if (this.#headerBytes + this.#length > this.#maximumBytes) return false;
      this.#remaining = this.#length;
      this.#headerBytes = 0;
      this.#length = 0;
    }
    return true;
  }
}

/** aedes takes what it parses from `read()`, so that is where it is looked at. */
export const limitPackets = (socket: Socket, maximumBytes: number): void => {
  const sizes = new PacketSizes(maximumBytes);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size);
    if (chunk === null || sizes.accept(chunk)) return chunk;
    socket.destroy(new Error(`a packet of more than ${maximumBytes} bytes`));
    return null;
  };
};
