/** A peer that a test writes itself: it reads MQTT packets and answers with whatever bytes the test likes. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";

export interface FakeConnection {
  readonly socket: Socket;
  /** Everything that was received, oldest first. */
  readonly packets: readonly Packet[];
  /** Of the CONNECT. */
  readonly protocolVersion: number;
  send(packet: Packet): void;
}

export type Answer = (packet: Packet, connection: FakeConnection) => void;

export class FakeBroker {
  readonly #server: Server;
  readonly connections: FakeConnection[] = [];

  private constructor(server: Server, answer: Answer) {
    this.#server = server;
    server.on("connection", (socket: Socket) => this.#join(socket, answer));
  }

  static async start(answer: Answer): Promise<FakeBroker> {
    const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeBroker(server, answer);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  #join(socket: Socket, answer: Answer): void {
    const parser = mqttPacket.parser();
    const packets: Packet[] = [];
    let protocolVersion = 0;
    const connection: FakeConnection = {
      socket,
      packets,
      get protocolVersion() {
        return protocolVersion;
      },
      send: (packet) => {
        socket.write(mqttPacket.generate(packet, { protocolVersion }));
      },
    };
    this.connections.push(connection);
    parser.on("packet", (packet) => {
      if (packet.cmd === "connect") protocolVersion = packet.protocolVersion ?? 0;
      packets.push(packet);
      answer(packet, connection);
    });
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => parser.parse(chunk));
  }

  async stop(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Accepts, and answers SUBSCRIBE, UNSUBSCRIBE and PINGREQ as a broker would. */
export const politely: Answer = (packet, connection) => {
  switch (packet.cmd) {
    case "connect":
      connection.send({ cmd: "connack", sessionPresent: false, reasonCode: 0, returnCode: 0 });
      break;
    case "subscribe":
      connection.send({
        cmd: "suback",
        messageId: packet.messageId as number,
        granted: packet.subscriptions.map(({ qos }) => qos),
      });
      break;
    case "unsubscribe":
      connection.send({
        cmd: "unsuback",
        messageId: packet.messageId as number,
        granted: packet.unsubscriptions.map(() => 0),
      });
      break;
    case "pingreq":
      connection.send({ cmd: "pingresp" });
      break;
  }
};
