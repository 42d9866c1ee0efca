/**
 * A TCP connection with somebody in the middle: it can be cut, and it notes the acknowledgements that pass. The packets
 * are read by their headers alone, so the MQTT version does not matter.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface PassingPacket {
  /** MQTT control packet type: 4 PUBACK, 5 PUBREC, 6 PUBREL, 7 PUBCOMP … */
  readonly type: number;
  /** Of packet types 4 to 7; else 0. */
  readonly packetId: number;
}

/** Follows one direction of one connection. */
class Notes {
  readonly #note: (packet: PassingPacket) => void;
  #unread: Buffer = Buffer.alloc(0);
  #skip = 0;

  constructor(note: (packet: PassingPacket) => void) {
    this.#note = note;
  }

  read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skip, this.#unread.length);
      this.#unread = this.#unread.subarray(skipped);
      this.#skip -= skipped;
      const header = this.#unread.subarray(0, 5).findIndex((byte, index) => index > 0 && byte < 0x80);
      if (header < 0 || this.#unread.length < header + 3) return;
      let length = 0;
      for (let at = header; at > 0; at--) length = length * 128 + ((this.#unread[at] as number) & 0x7f);
      const type = (this.#unread[0] as number) >> 4;
      this.#note({ type, packetId: type >= 4 && type <= 7 ? this.#unread.readUInt16BE(header + 1) : 0 });
      this.#skip = header + 1 + length;
    }
  }
}

export class TcpLink {
  readonly #server: Server;
  readonly #target: () => number;
  readonly #sockets = new Set<Socket>();
  #accepting = true;
  /** What went from the side that connected to the target, oldest first. */
  readonly forth: PassingPacket[] = [];
  /** What went from the target to the side that connected. */
  readonly back: PassingPacket[] = [];
  connections = 0;

  private constructor(server: Server, target: () => number) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (socket: Socket) => this.#join(socket));
  }

  /** @param target port on 127.0.0.1, asked for at every connection */
  static async open(target: () => number): Promise<TcpLink> {
    const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
    const link = new TcpLink(server, target);
    await once(server, "listening");
    return link;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  #join(near: Socket): void {
    if (!this.#accepting) {
      near.resetAndDestroy();
      return;
    }
    this.connections += 1;
    const far = connect({ port: this.#target(), host: "127.0.0.1", noDelay: true });
    const forth = new Notes((packet) => this.forth.push(packet));
    const back = new Notes((packet) => this.back.push(packet));
    near.on("data", (chunk: Buffer) => forth.read(chunk));
    far.on("data", (chunk: Buffer) => back.read(chunk));
    near.pipe(far);
    far.pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  /** Resets every connection; new ones are taken as before. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets every connection, and every new one, until `restore()`. */
  interrupt(): void {
    this.#accepting = false;
    this.cut();
  }

  restore(): void {
    this.#accepting = true;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}
