/** One publishing connection of a load run: MQTT 3.1.1 by hand, many packets a write. */
import { connect, type Socket } from "node:net";
import type { Ledger } from "./ledger.ts";

export interface PublishPlan {
  readonly url: URL;
  readonly clientId: string;
  readonly qos: 0 | 1;
  /** Unacknowledged messages of this connection at QoS 1. */
  readonly inflight: number;
  readonly topics: readonly string[];
  /** `{id}` is replaced by the message id. */
  readonly payload: string;
  readonly persist: boolean;
  /** How many more ids may be taken now. */
  readonly allowance: () => number;
  readonly onChange: () => void;
}

const WRITE_BYTES = 32 * 1024;
const RECONNECT_MS = 50;

/** Encodes the Remaining Length (MQTT 3.1.1, 2.2.3) and returns the offset after it. */
const writeLength = (target: Buffer, offset: number, length: number): number => {
  let rest = length;
  let at = offset;
  do {
    target[at++] = rest > 127 ? (rest & 127) | 128 : rest;
    rest >>>= 7;
  } while (rest > 0);
  return at;
};

const lengthPrefixed = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

const connectPacket = (clientId: string, url: URL): Buffer => {
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const cleanSession = 0x02;
  const body = Buffer.concat([
    lengthPrefixed("MQTT"),
    Buffer.from([4, cleanSession | (user === "" ? 0 : 0x80) | (password === "" ? 0 : 0x40), 0, 0]),
    lengthPrefixed(clientId),
    ...(user === "" ? [] : [lengthPrefixed(user)]),
    ...(password === "" ? [] : [lengthPrefixed(password)]),
  ]);
  const header = Buffer.from([0x10, 0, 0, 0, 0]);
  return Buffer.concat([header.subarray(0, writeLength(header, 1, body.length)), body]);
};

export class LoadConnection {
  readonly #plan: PublishPlan;
  readonly #ledger: Ledger;
  readonly #topics: readonly Buffer[];
  /** Message id by packet id. */
  readonly #inflight = new Map<number, number>();
  /** Ids to be sent again, last first. */
  #again: number[] = [];
  #packetId = 0;
  #socket: Socket | null = null;
  #ready = false;
  #partial: Buffer = Buffer.alloc(0);
  ended = false;

  constructor(plan: PublishPlan, ledger: Ledger) {
    this.#plan = plan;
    this.#ledger = ledger;
    this.#topics = plan.topics.map(lengthPrefixed);
  }

  connect(): void {
    const { url, clientId } = this.#plan;
    const socket = connect({ host: url.hostname, port: Number(url.port || 1883), noDelay: true });
    this.#socket = socket;
    this.#ready = false;
    this.#partial = Buffer.alloc(0);
    socket.on("connect", () => socket.write(connectPacket(clientId, url)));
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.pump());
    socket.on("error", () => {});
    socket.on("close", () => this.#closed());
  }

  #closed(): void {
    if (this.ended) return;
    this.#again = [...this.#again, ...[...this.#inflight.values()].reverse()];
    this.#inflight.clear();
    if (this.#plan.persist) {
      this.#ledger.reconnects++;
      setTimeout(() => {
        if (!this.ended) this.connect();
      }, RECONNECT_MS);
    } else {
      this.ended = true;
      this.#plan.onChange();
    }
  }

  /** Only CONNACK and PUBACK come to such a client, both of four bytes. */
  #read(data: Buffer): void {
    const chunk = this.#partial.length === 0 ? data : Buffer.concat([this.#partial, data]);
    let at = 0;
    for (; at + 4 <= chunk.length; at += 4) {
      if (chunk[at] === 0x20) {
        this.#ready = chunk[at + 3] === 0;
        if (!this.#ready) this.#socket?.destroy();
      } else if (chunk[at] === 0x40) {
        const packetId = chunk.readUInt16BE(at + 2);
        const id = this.#inflight.get(packetId);
        if (id === undefined) continue;
        this.#inflight.delete(packetId);
        this.#ledger.acknowledge(id);
      }
    }
    this.#partial = chunk.subarray(at);
    this.pump();
    this.#plan.onChange();
  }

  #nextPacketId(): number {
    do this.#packetId = (this.#packetId % 65_535) + 1;
    while (this.#inflight.has(this.#packetId));
    return this.#packetId;
  }

  #mayTake(): boolean {
    return !this.#ledger.exhausted && this.#plan.allowance() >= 1;
  }

  /** Writes as much as the window, the rate and the socket take now. */
  pump(): void {
    const { qos, inflight, payload } = this.#plan;
    const socket = this.#socket;
    const windowOpen = () => qos === 0 || this.#inflight.size < inflight;
    while (this.#ready && socket?.writable && !socket.writableNeedDrain && windowOpen()) {
      const target = Buffer.allocUnsafe(WRITE_BYTES + payload.length * 3 + 1_024);
      let offset = 0;
      while (offset < WRITE_BYTES && windowOpen()) {
        const id = this.#again.pop() ?? (this.#mayTake() ? this.#ledger.take() : undefined);
        if (id === undefined) break;
        offset = this.#writePublish(target, offset, id);
      }
      if (offset === 0) return;
      socket.write(target.subarray(0, offset));
    }
  }

  #writePublish(target: Buffer, offset: number, id: number): number {
    const { qos, payload } = this.#plan;
    const topic = this.#topics[id % this.#topics.length] as Buffer;
    const body = payload.replace("{id}", `${id}`);
    target[offset] = 0x30 | (qos << 1);
    let at = writeLength(target, offset + 1, topic.length + Buffer.byteLength(body) + (qos === 0 ? 0 : 2));
    at += topic.copy(target, at);
    if (qos === 0) {
      this.#ledger.acknowledge(id);
    } else {
      const packetId = this.#nextPacketId();
      this.#inflight.set(packetId, id);
      at = target.writeUInt16BE(packetId, at);
    }
    this.#ledger.sent++;
    return at + target.write(body, at);
  }

  /** Resolves when the socket is closed; what was written is flushed first. */
  async end(): Promise<void> {
    this.ended = true;
    const socket = this.#socket;
    if (socket === null || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      if (this.#ready) socket.end(Buffer.from([0xe0, 0]));
      else socket.destroy();
      setTimeout(() => socket.destroy(), 2_000).unref();
    });
  }
}
