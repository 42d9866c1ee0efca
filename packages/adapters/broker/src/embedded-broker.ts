/**
 * An MQTT 3.1.1 broker in the gateway's own process (aedes), so that nothing else has to be installed. A client that
 * speaks MQTT 5 alone is refused with return code 1 [MQTT-3.1.2-2].
 *
 * A published message is shown to the receiver before the broker answers it, stores it or passes it on: a PUBACK or
 * PUBREC leaves when the receiver lets the message through, and other subscribers see it after that. What the broker
 * itself keeps (sessions, retained messages, queues) is in memory and gone when the process ends.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { isValidTopicName } from "@sluice/domain";
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from "aedes";
import { type BrokerConfig, type EmbeddedBrokerOptions, resolveBrokerConfig } from "./config.ts";
import { limitPackets } from "./packet-limit.ts";
import { type BrokerPersistence, boundPersistence, type PersistenceCounters } from "./persistence.ts";
import { ReceivedQos2 } from "./received-qos2.ts";

/** Decides when a message goes on. */
export interface PublishReceiver {
  /**
   * @param repeated the client sends a QoS 2 message again that it has sent before
   * @param proceed lets the message through; not calling it withholds the acknowledgement
   */
  publish(packet: PublishPacket, repeated: boolean, proceed: () => void): void;
  /** The broker's own messages under `$SYS/`; they wait for nobody. */
  system(packet: PublishPacket): void;
}

export interface EmbeddedBrokerStatus {
  readonly listening: boolean;
  readonly host: string;
  /** The one it listens on; before `start()` the one asked for. */
  readonly port: number;
  /** Set when the port asked for was taken. */
  readonly portTaken: boolean;
  readonly connections: number;
  /** Messages for absent subscribers, and retained messages, that were beyond the limits. */
  readonly dropped: number;
  readonly lastError: string | null;
}

const SYSTEM_PREFIX = "$SYS/";
/** Ports tried after the one asked for. */
const PORTS_TRIED = 100;
const BAD_CREDENTIALS = 4;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const sameText = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

export class EmbeddedBroker {
  readonly #config: BrokerConfig;
  readonly #receivedQos2 = new ReceivedQos2();
  #receiver: PublishReceiver | null = null;
  #aedes: Aedes | null = null;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #counters: PersistenceCounters = { dropped: 0 };
  #lastError: string | null = null;

  constructor(options: EmbeddedBrokerOptions = {}) {
    this.#config = resolveBrokerConfig(options);
    this.#port = this.#config.port;
  }

  /** All that is published from now on goes through it; before `start()`, so that nothing passes it by. */
  attach(receiver: PublishReceiver): void {
    if (this.#receiver !== null) throw new Error("the embedded broker has a source already");
    if (this.#server !== null) throw new Error("the embedded broker has been started without this source");
    this.#receiver = receiver;
  }

  get url(): string {
    const { host } = this.#config;
    return `mqtt://${host.includes(":") ? `[${host}]` : host}:${this.#port}`;
  }

  get status(): EmbeddedBrokerStatus {
    return {
      listening: this.#server?.listening === true,
      host: this.#config.host,
      port: this.#port,
      portTaken: this.#config.port !== 0 && this.#port !== this.#config.port,
      connections: this.#aedes?.connectedClients ?? 0,
      dropped: this.#counters.dropped,
      lastError: this.#lastError,
    };
  }

  /** @returns where it listens, which is not where it was asked to when that port was taken */
  async start(): Promise<{ readonly host: string; readonly port: number }> {
    const aedes = new Aedes({
      authenticate: (_client, username, password, done) => this.#authenticate(username, password, done),
      authorizePublish: (client, packet, callback) => this.#publish(client, packet, callback),
    });
    aedes.on("error" as "closed", ((error: Error) => this.#note(error)) as () => void);
    aedes.on("clientError", (_client, error) => this.#note(error));
    aedes.on("connectionError", (_client, error) => this.#note(error));
    aedes.on("publish", (packet, client) => {
      if (client === null && packet.topic.startsWith(SYSTEM_PREFIX)) this.#receiver?.system(packet);
    });
    await aedes.listen();
    this.#aedes = aedes;
    this.#counters = boundPersistence(this.#persistence, this.#config);
    this.#receivedQos2.follow(this.#persistence);
    try {
      this.#server = await this.#listen(aedes);
    } catch (error) {
      aedes.close();
      throw error;
    }
    this.#port = (this.#server.address() as { port: number }).port;
    return { host: this.#config.host, port: this.#port };
  }

  /** Closes every connection. Whatever had no acknowledgement its client will send again. */
  async stop(): Promise<void> {
    const server = this.#server;
    const aedes = this.#aedes;
    this.#server = null;
    this.#aedes = null;
    if (server === null || aedes === null) return;
    const closed = once(server, "close");
    server.close();
    await new Promise<void>((resolve) => aedes.close(resolve));
    // aedes closes the clients it knows; a connection without CONNECT is none yet.
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** The retained messages whose topics match one of the filters. */
  retained(filters: readonly string[]): AsyncIterable<PublishPacket> {
    return this.#persistence.createRetainedStreamCombi(filters);
  }

  get #persistence(): BrokerPersistence {
    return (this.#aedes as unknown as { readonly persistence: BrokerPersistence }).persistence;
  }

  #note(error: Error): void {
    this.#lastError = error.message;
  }

  async #listen(aedes: Aedes): Promise<Server> {
    const { host, port, maximumConnections, maximumPacketBytes } = this.#config;
    for (let offset = 0; ; offset++) {
      const server = createServer({ noDelay: true }, (socket: Socket) => {
        this.#sockets.add(socket);
        socket.once("close", () => this.#sockets.delete(socket));
        limitPackets(socket, maximumPacketBytes);
        aedes.handle(socket);
      });
      server.maxConnections = maximumConnections;
      server.listen(port + offset, host);
      try {
        await once(server, "listening");
        return server;
      } catch (error) {
        const next = port + offset + 1;
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || offset >= PORTS_TRIED || next > 65_535)
          throw error;
      }
    }
  }

  #authenticate(
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const { credentials } = this.#config;
    if (
      credentials === undefined ||
      (sameText(username ?? "", credentials.username) && sameText(password?.toString() ?? "", credentials.password))
    ) {
      done(null, true);
    } else {
      done(Object.assign(new Error("bad user name or password"), { returnCode: BAD_CREDENTIALS }), false);
    }
  }

  /** aedes acknowledges QoS 1 and 2 after this hook, and wills come through it too. */
  #publish(client: Client | null, packet: PublishPacket, callback: (error?: Error | null) => void): void {
    const fault = topicFault(packet.topic);
    if (fault !== null) {
      callback(new Error(fault));
    } else if (this.#receiver === null) {
      callback();
    } else {
      const { qos, messageId } = packet;
      const repeated =
        qos === 2 && client !== null && messageId !== undefined && !this.#receivedQos2.add(client.id, messageId);
      this.#receiver.publish(packet, repeated, () => callback());
    }
  }
}

/** Why nobody may publish to it; aedes looks at the topics of publishes, not of wills. */
const topicFault = (topic: string): string | null => {
  if (topic.startsWith(SYSTEM_PREFIX)) return `${SYSTEM_PREFIX} is the broker's own`;
  return isValidTopicName(topic) ? null : "not a topic name [MQTT-3.3.2-2]";
};
