/**
 * The stream that is handed to MQTT.js in place of the socket. Incoming PUBLISH and PUBREL never reach MQTT.js: it
 * would acknowledge a message when its handler returns, one at a time, and for QoS 2 even before. They are taken out
 * here; everything else (CONNACK, SUBACK, PINGRESP, DISCONNECT …) passes through, and so does all that MQTT.js writes.
 *
 * Measured against a server that sends without pause: MQTT.js reads and acknowledges 0.27 million messages a second,
 * with its `handleMessage` released early and acknowledgements in batches 0.6 million, this way 3 million.
 */
import { Duplex } from "node:stream";
import { MalformedPacket, PacketReader } from "./packet-reader.ts";
import { decodePublish, type PublishPacket } from "./publish-packet.ts";

export interface InboundHandler {
  /** The first packet [MQTT-3.2.0-1]. */
  connack(reasonCode: number, sessionPresent: boolean): void;
  /**
   * @param bytes of the packet, as far as it was kept
   * @param readAt milliseconds since the epoch at which its last byte was read
   * @returns whether there is room for more; if not, reading stops until `resumeReading()`
   */
  publish(packet: PublishPacket, bytes: number, readAt: number): boolean;
  pubrel(packetId: number): void;
  /** PUBACK, PUBREC and PUBCOMP, for one who publishes past MQTT.js; without it they go to MQTT.js. */
  acknowledgement?(type: AcknowledgementType, packetId: number, reasonCode: number): void;
  /** What `sendMessages` wrote has left. */
  drained?(): void;
}

export type AcknowledgementType = "puback" | "pubrec" | "pubcomp";

export interface InboundStreamOptions {
  readonly protocolVersion: 4 | 5;
  readonly maximumPacketBytes: number;
  readonly now: () => number;
}

/** A million acknowledgements. */
const MAXIMUM_UNSENT_BYTES = 4 * 1024 * 1024;
const CONNACK = 2;
const PUBLISH = 3;
const PUBREL = 6;
const AUTH = 15;
const ACKNOWLEDGEMENTS: ReadonlyMap<number, AcknowledgementType> = new Map([
  [4, "puback"],
  [5, "pubrec"],
  [7, "pubcomp"],
]);

export class InboundStream extends Duplex {
  readonly #transport: Duplex;
  readonly #handler: InboundHandler;
  readonly #options: InboundStreamOptions;
  readonly #reader: PacketReader;
  #readAt = 0;
  #connected = false;
  #ignoring = false;

  constructor(transport: Duplex, handler: InboundHandler, options: InboundStreamOptions) {
    super();
    this.#transport = transport;
    this.#handler = handler;
    this.#options = options;
    this.#reader = new PacketReader(options.maximumPacketBytes, {
      packet: (buffer, start, body, end, cut) => this.#dispatch(buffer, start, body, end, cut),
    });
    transport.on("data", (chunk: Buffer) => this.#read(chunk));
    transport.on("error", (error) => this.destroy(error));
    transport.on("close", () => this.destroy());
    if (handler.drained) transport.on("drain", () => handler.drained?.());
  }

  /** Whether reading has stopped because there was no room. */
  get stopped(): boolean {
    return this.#reader.holding;
  }

  resumeReading(): void {
    if (!this.#reader.holding || this.destroyed) return;
    this.#guard(() => this.#reader.resume());
    if (!this.#reader.holding) this.#transport.resume();
  }

  /**
   * From now on incoming PUBLISH packets are read and dropped. A socket that is closed while something is unread makes
   * the peer lose what we wrote last.
   */
  ignoreMessages(): void {
    this.#ignoring = true;
    this.resumeReading();
  }

  /** Writes past MQTT.js. */
  send(packets: Buffer): void {
    if (this.destroyed || !this.#transport.writable) return;
    this.#transport.write(packets);
    if (this.#transport.writableLength > MAXIMUM_UNSENT_BYTES) this.destroy(new Error("the broker does not read"));
  }

  /** Writes past MQTT.js. @returns null when the connection is gone; false: wait for `drained` */
  sendMessages(packets: Buffer): boolean | null {
    if (this.destroyed || !this.#transport.writable) return null;
    return this.#transport.write(packets);
  }

  #read(chunk: Buffer): void {
    this.#readAt = this.#options.now();
    this.#guard(() => this.#reader.write(chunk));
    if (this.#reader.holding) this.#transport.pause();
  }

  /** Nothing that a peer sends may escape as an exception. */
  #guard(task: () => void): void {
    if (this.destroyed) return;
    try {
      task();
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #dispatch(buffer: Buffer, start: number, body: number, end: number, cut: number): boolean {
    const type = (buffer[start] as number) >> 4;
    if (!this.#connected && type !== CONNACK && type !== AUTH) throw new MalformedPacket("a packet before CONNACK");
    switch (type) {
      case PUBLISH: {
        const packet = decodePublish(buffer, start, body, end, cut, this.#options.protocolVersion);
        return this.#ignoring || this.#handler.publish(packet, end - start, this.#readAt);
      }
      case PUBREL:
        if (end - body < 2) throw new MalformedPacket("PUBREL without packet identifier");
        this.#handler.pubrel(buffer.readUInt16BE(body));
        return true;
      case CONNACK:
        // Before the packets that follow it: MQTT.js tells of the connection only later.
        if (end - body < 2) throw new MalformedPacket("CONNACK without reason code");
        this.#connected = true;
        this.#handler.connack(buffer[body + 1] as number, ((buffer[body] as number) & 1) === 1);
        break;
      default: {
        const acknowledgement = ACKNOWLEDGEMENTS.get(type);
        if (acknowledgement === undefined || this.#handler.acknowledgement === undefined) break;
        if (end - body < 2) throw new MalformedPacket(`${acknowledgement.toUpperCase()} without packet identifier`);
        const reasonCode = end - body > 2 ? (buffer[body + 2] as number) : 0;
        this.#handler.acknowledgement(acknowledgement, buffer.readUInt16BE(body), reasonCode);
        return true;
      }
    }
    this.push(buffer.subarray(start, end));
    return true;
  }

  /** What MQTT.js throws over a packet becomes an error of the stream that it reads with, to which it does not listen. */
  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    destination.on("error", (error: Error) => this.destroy(error));
    return super.pipe(destination, options);
  }

  override _read(): void {}

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#transport.write(chunk, encoding, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#transport.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: () => void): void {
    this.#transport.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#transport.destroy();
    callback(error);
  }
}
