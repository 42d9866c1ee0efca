/**
 * One network connection and the MQTT.js client that speaks over it. A client is used once: what belongs to a
 * connection (packet identifiers, half-done handshakes) cannot leak into the next.
 */
import { type IClientOptions, type IClientSubscribeOptions, type IConnackPacket, MqttClient } from "mqtt";
import type { SourceConfig } from "./config.ts";
import { describeError, describeReason } from "./errors.ts";
import { type InboundHandler, InboundStream } from "./inbound-stream.ts";
import { type Credentials, openTransport } from "./transport.ts";

export interface ConnectionHandler extends InboundHandler {
  /** MQTT.js is ready to subscribe. */
  ready(connack: IConnackPacket): void;
  /** The connection is gone, or never came about; called once, last. */
  closed(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  readonly error: string;
  /** Whether the broker does not speak the protocol version: it said so, or it closed without a word. */
  readonly versionRefused: "no" | "silently" | "yes";
}

/** CONNACK: MQTT 5 "Unsupported Protocol Version", MQTT 3.1.1 "unacceptable protocol version". */
const VERSION_REFUSALS = new Set([0x84, 1]);

export class Connection {
  readonly protocolVersion: 4 | 5;
  readonly #config: SourceConfig;
  readonly #handler: ConnectionHandler;
  readonly #client: MqttClient;
  readonly #identify: (filter: string) => number;
  readonly #clean: boolean;
  #stream!: InboundStream;
  readonly #lost = Promise.withResolvers<never>();
  #answeredConnect = false;
  #opened = false;
  #identifiersAvailable = false;
  #error: string | null = null;
  #versionRefused = false;

  /**
   * @param identify subscription identifier of a filter, at least 1
   * @param clean the broker is to forget the session that it has for us
   */
  constructor(
    config: SourceConfig,
    credentials: Credentials,
    protocolVersion: 4 | 5,
    handler: ConnectionHandler,
    identify: (filter: string) => number,
    clean = false,
  ) {
    this.protocolVersion = protocolVersion;
    this.#config = config;
    this.#handler = handler;
    this.#identify = identify;
    this.#clean = clean;
    this.#client = new MqttClient((client) => this.#openStream(client, credentials), this.#clientOptions());
    this.#client.on("connect", (connack) => {
      this.#identifiersAvailable = connack.properties?.subscriptionIdentifiersAvailable !== false;
      handler.ready(connack);
    });
    this.#client.on("error", (error) => this.fail(error));
    this.#client.on("disconnect", (packet) =>
      this.fail(new Error(`the broker disconnected: ${describeReason(packet.reasonCode)}`)),
    );
    this.#client.once("close", () => this.#closed());
    this.#lost.promise.catch(() => {});
    this.#client.connect();
  }

  #clientOptions(): IClientOptions {
    const { clientId, username, password, keepaliveSeconds, connectTimeoutSeconds } = this.#config;
    return {
      manualConnect: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      clean: this.#clean,
      clientId,
      protocolVersion: this.protocolVersion,
      keepalive: keepaliveSeconds,
      connectTimeout: connectTimeoutSeconds * 1_000,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(this.protocolVersion === 5
        ? {
            properties: {
              sessionExpiryInterval: this.#config.sessionExpirySeconds,
              // No maximum packet size: the broker would drop what is larger, and nobody would know [MQTT-3.1.2-25].
              receiveMaximum: this.#config.receiveMaximum,
            },
          }
        : {}),
      timerVariant: {
        set: (check, ms) => setInterval(() => this.#keepAlive(check as () => void), ms) as unknown as number,
        clear: (timer) => clearInterval(timer),
      },
    };
  }

  /** While we do not read there can be no answer to a ping, which says nothing about the broker. */
  #keepAlive(check: () => void): void {
    if (this.#stream.stopped) this.#client.sendPing();
    else check();
  }

  #openStream(client: MqttClient, credentials: Credentials): InboundStream {
    const transport = openTransport(this.#config, credentials, client);
    transport.once(this.#config.url.protocol === "mqtts:" ? "secureConnect" : "connect", () => {
      this.#opened = true;
    });
    const handler: InboundHandler = {
      connack: (reasonCode, sessionPresent) => {
        this.#answeredConnect = true;
        this.#handler.connack(reasonCode, sessionPresent);
      },
      publish: (packet, bytes, readAt) => this.#handler.publish(packet, bytes, readAt),
      pubrel: (packetId) => this.#handler.pubrel(packetId),
      ...(this.#handler.acknowledgement && {
        acknowledgement: (type, packetId, reasonCode) => this.#handler.acknowledgement?.(type, packetId, reasonCode),
        drained: () => this.#handler.drained?.(),
      }),
    };
    const { maximumPacketBytes, environment } = this.#config;
    this.#stream = new InboundStream(transport, handler, {
      protocolVersion: this.protocolVersion,
      maximumPacketBytes,
      now: environment.now,
    });
    // MQTT.js keeps errors without a code to itself.
    this.#stream.once("error", (error) => this.fail(error));
    return this.#stream;
  }

  /** Closes at once; the session stays. The first reason is the one that is told. */
  fail(error: Error & { code?: unknown }): void {
    this.#error ??= describeError(error, this.#config.password);
    if (typeof error.code === "number" && VERSION_REFUSALS.has(error.code)) this.#versionRefused = true;
    this.#stream?.destroy();
  }

  #closed(): void {
    // Some old brokers answer an unknown protocol version by closing the connection.
    const silent = this.#opened && !this.#answeredConnect && this.#error === null;
    const error = this.#error ?? (silent ? "closed by the broker before CONNACK" : "closed by the broker");
    this.#lost.reject(new Error(error));
    this.#handler.closed({ error, versionRefused: this.#versionRefused ? "yes" : silent ? "silently" : "no" });
  }

  send(packets: Buffer): void {
    this.#stream.send(packets);
  }

  /** @returns null when the connection is gone; false: wait for `drained` before sending more */
  sendMessages(packets: Buffer): boolean | null {
    return this.#stream.sendMessages(packets);
  }

  resumeReading(): void {
    this.#stream.resumeReading();
  }

  /** @returns the broker's reason code for each filter; rejects when the connection is lost */
  async subscribe(filters: readonly string[], qos: 0 | 1 | 2): Promise<readonly number[]> {
    if (this.protocolVersion === 4) return this.#subscribePacket(filters, { qos });
    // Retained messages only where the subscription is new, and marked as such (MQTT 5, 3.8.3.1).
    const options = { qos, nl: false, rap: false, rh: 1 };
    if (!this.#identifiersAvailable) return this.#subscribePacket(filters, options);
    // An identifier belongs to a packet, so each filter has one of its own.
    const answers = filters.map((filter) => {
      const subscriptionIdentifier = this.#identify(filter);
      return this.#subscribePacket([filter], { ...options, properties: { subscriptionIdentifier } });
    });
    return (await Promise.all(answers)).flat();
  }

  #subscribePacket(filters: readonly string[], options: IClientSubscribeOptions): Promise<readonly number[]> {
    return this.#answered((resolve, reject) => {
      this.#client.subscribe([...filters], options, (error, _granted, packet) => {
        // Reason codes come in the order of the filters [MQTT-3.8.4-6].
        if (packet?.granted?.length === filters.length) resolve(packet.granted as readonly number[]);
        else reject(error ?? new Error("SUBACK without a reason code for each filter"));
      });
    });
  }

  unsubscribe(filters: readonly string[]): Promise<void> {
    return this.#answered((resolve, reject) => {
      this.#client.unsubscribe([...filters], (error) => (error ? reject(error) : resolve()));
    });
  }

  /** A broker that does not answer is given up. */
  async #answered<T>(ask: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const cancel = this.#config.environment.after(this.#config.connectTimeoutSeconds * 1_000, () =>
      this.fail(new Error("the broker does not answer a SUBSCRIBE or UNSUBSCRIBE")),
    );
    ask(resolve, reject);
    try {
      return await Promise.race([promise, this.#lost.promise]);
    } finally {
      cancel();
    }
  }

  /** Sends DISCONNECT after everything written so far; resolves when the connection is closed. */
  async end(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#stream.destroyed) resolve();
      else this.#stream.once("close", () => resolve());
    });
    if (!this.#client.connected) this.#stream.destroy();
    else {
      this.#stream.ignoreMessages();
      this.#client.end(false);
    }
    const timer = setTimeout(() => this.#stream.destroy(), DISCONNECT_MS);
    await closed;
    clearTimeout(timer);
  }
}

/** What the broker has to close its end after a DISCONNECT [MQTT-3.14.4-3]. */
const DISCONNECT_MS = 1_000;
