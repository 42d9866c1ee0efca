/** A WebSocket server (RFC 6455, as far as an MQTT client goes) that passes what is inside on to a TCP port. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BINARY = 0x82;
const CLOSE = 0x8;

const frame = (payload: Buffer): Buffer => {
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.from([BINARY, length])
      : length < 65_536
        ? Buffer.from([BINARY, 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([BINARY, 127, 0, 0, 0, 0]), Buffer.from(Uint32Array.of(length).buffer).swap32()]);
  return Buffer.concat([header, payload]);
};

/** Takes masked frames apart. */
const unmask = (deliver: (payload: Buffer) => void, closed: () => void) => {
  let unread: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 2) {
      const short = (unread[1] as number) & 0x7f;
      const at = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (unread.length < at + 4) return;
      const length = short === 126 ? unread.readUInt16BE(2) : short === 127 ? Number(unread.readBigUInt64BE(2)) : short;
      if (unread.length < at + 4 + length) return;
      const mask = unread.subarray(at, at + 4);
      const payload = Buffer.from(unread.subarray(at + 4, at + 4 + length));
      for (let index = 0; index < length; index++)
        payload[index] = (payload[index] as number) ^ (mask[index & 3] as number);
      const opcode = (unread[0] as number) & 0xf;
      unread = unread.subarray(at + 4 + length);
      if (opcode === CLOSE) closed();
      else deliver(payload);
    }
  };
};

export class WebSocketGate {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  /** What was asked for at each upgrade. */
  readonly requests: { readonly url: string; readonly protocol: string }[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("upgrade", (request: IncomingMessage, socket: Socket) => this.#upgrade(request, socket, port));
  }

  static async open(port: number): Promise<WebSocketGate> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WebSocketGate(server, port);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  #upgrade(request: IncomingMessage, socket: Socket, port: number): void {
    const protocol = request.headers["sec-websocket-protocol"] ?? "";
    this.requests.push({ url: request.url ?? "", protocol });
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    const inner = connect(port, "127.0.0.1");
    const read = unmask(
      (payload) => inner.write(payload),
      () => inner.end(),
    );
    socket.on("data", read);
    inner.on("data", (chunk: Buffer) => socket.write(frame(chunk)));
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
