/**
 * `MessageSource` over MQTT.js.
 *
 * ```
 * idle ──start──► connecting ──CONNACK──► connected
 *                  ▲      │ failed, refused   │ lost
 *                  └─ waiting (backoff) ◄─────┘          any ──stop──► stopped
 * ```
 *
 * Delivery. QoS 1: at least once. QoS 2: exactly once as long as this process lives, across reconnects too; the
 * identifiers in flight are not on disk, so a message that was committed and not yet released may come again after a
 * crash. Where filters overlap a message is yielded once, as far as its copies can be recognised: see `Copies`.
 */
import type { MessageBatch, MessageSource, ReceivedMessage, SourceStatus, Subscription } from "@sluice/domain";
import { Inbox } from "@sluice/domain";
import { acknowledgementFor, encodeAcknowledgements, encodePubcomp } from "./acknowledgements.ts";
import { type MqttSourceOptions, resolveConfig, type SourceConfig } from "./config.ts";
import { Connection, type ConnectionEnd, type ConnectionHandler } from "./connection.ts";
import { Copies } from "./copies.ts";
import { describeError } from "./errors.ts";
import type { PublishPacket } from "./publish-packet.ts";
import { Backoff } from "./reconnect.ts";
import { Subscriptions } from "./subscriptions.ts";
import { isSecure, readCredentials } from "./transport.ts";

/** Identity of a connection in the inbox: batches of an earlier one are not acknowledged on a later one. */
type ConnectionNumber = number;

export class MqttMessageSource implements MessageSource {
  readonly name: string;
  readonly #config: SourceConfig;
  readonly #subscriptions: Subscriptions;
  readonly #inbox: Inbox<ConnectionNumber, number>;
  readonly #backoff: Backoff;
  readonly #copies = new Copies();
  /** QoS 2 packet identifiers received and not released by PUBREL [MQTT-4.3.3-10]. */
  readonly #unreleased = new Set<number>();
  #state: "idle" | "connecting" | "connected" | "waiting" | "stopped" = "idle";
  #connection: Connection | null = null;
  #connectionNumber: ConnectionNumber = 0;
  #versionIndex = 0;
  #versionAccepted = false;
  #connectedAt = 0;
  #connects = 0;
  #backoffSeconds = 0;
  #lastError: string | null = null;
  #cancelWait = () => {};

  constructor(options: MqttSourceOptions) {
    this.#config = resolveConfig(options);
    const { name, sessionMemory, backoff, environment } = this.#config;
    this.name = name;
    this.#subscriptions = new Subscriptions(sessionMemory, (error) => this.#note(error));
    this.#backoff = new Backoff(backoff, environment.random);
    const { windowMessages: messages, windowBytes: bytes, maximumBatch: batch } = this.#config;
    this.#inbox = new Inbox(
      0,
      { messages, bytes, batch },
      {
        schedule: (task) => setImmediate(task),
        release: (connection, acknowledgements) => {
          if (connection !== this.#connectionNumber) return;
          this.#connection?.send(encodeAcknowledgements(acknowledgements));
        },
        onRoom: () => this.#connection?.resumeReading(),
      },
    );
  }

  async start(): Promise<void> {
    if (this.#state !== "idle") return;
    this.#state = "connecting";
    void this.#connect();
  }

  /**
   * Messages that no batch has carried yet are dropped: the broker sends them again, except those of QoS 0.
   */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#cancelWait();
    this.#inbox.close();
    const connection = this.#connection;
    // What is acknowledged from now on comes too late.
    this.#connectionNumber += 1;
    await connection?.end();
  }

  /** Resolves when the broker has answered, or at once while there is no connection. */
  async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    this.#subscriptions.want(subscriptions);
    if (this.#state === "connected" && this.#connection !== null) await this.#reconcile(this.#connection);
  }

  receive(): AsyncIterable<MessageBatch> {
    return this.#inbox.receive();
  }

  status(): SourceStatus {
    const connected = this.#state === "connected";
    return {
      name: this.name,
      url: this.#config.shownUrl,
      connected,
      protocolVersion: this.#versionAccepted ? this.#protocolVersion : null,
      subscriptions: this.#subscriptions.granted,
      refused: this.#subscriptions.refused,
      unacknowledged: this.#inbox.unacknowledged,
      tls: isSecure(this.#config.url),
      currentBackoffSeconds: this.#backoffSeconds,
      lastError: this.#lastError,
      connects: this.#connects,
    };
  }

  get #protocolVersion(): 4 | 5 {
    return this.#config.protocolVersions[this.#versionIndex] as 4 | 5;
  }

  #note(error: unknown): void {
    this.#lastError = describeError(error, this.#config.password);
  }

  async #connect(): Promise<void> {
    this.#backoffSeconds = 0;
    try {
      const credentials = await readCredentials(this.#config);
      await this.#subscriptions.load();
      if (this.#state === "connecting") this.#open(credentials);
    } catch (error) {
      this.#note(error);
      this.#wait();
    }
  }

  #open(credentials: Awaited<ReturnType<typeof readCredentials>>): void {
    this.#connectionNumber += 1;
    const number = this.#connectionNumber;
    this.#inbox.begin(number);
    let sessionPresent = false;
    this.#copies.reset();
    const handler: ConnectionHandler = {
      connack: (reasonCode, present) => {
        sessionPresent = present;
        if (reasonCode === 0 && !present) this.#unreleased.clear();
      },
      publish: (packet, bytes, readAt) => this.#receive(packet, bytes, readAt),
      pubrel: (packetId) => {
        this.#unreleased.delete(packetId);
        connection.send(encodePubcomp(packetId));
      },
      ready: () => void this.#connected(connection, sessionPresent),
      closed: (end) => {
        if (this.#connection === connection) this.#disconnected(end);
      },
    };
    const identify = (filter: string) => this.#subscriptions.identify(filter);
    const connection = new Connection(this.#config, credentials, this.#protocolVersion, handler, identify);
    this.#connection = connection;
  }

  #receive(packet: PublishPacket, bytes: number, readAt: number): boolean {
    const { topic, payload, payloadLength, qos, retain, dup, packetId, properties } = packet;
    const acknowledgement = acknowledgementFor(qos, packetId);
    // Without DUP it is a new message [MQTT-3.3.1-1]: a broker that lost its state gives the identifier anew.
    const repeated = qos === 2 && dup && this.#unreleased.has(packetId);
    if (qos === 2) this.#unreleased.add(packetId);
    const copyFor = this.#subscriptions.copyFor(packet.subscriptionIdentifiers);
    // A copy for a shared filter is another's message than the one before it.
    const another = copyFor !== null && (copyFor.shared.length > 0 || !copyFor.plain);
    if (repeated || (!another && this.#copies.isCopy(packet, readAt))) {
      if (acknowledgement !== null) this.#inbox.pushToken(acknowledgement);
      return this.#inbox.hasRoom;
    }
    const message: ReceivedMessage = { topic, payload, qos, retain, dup, receivedAt: readAt };
    const whole = payloadLength === payload.length;
    // The usual message has none of these, and is made a million times.
    if (properties === undefined && whole && copyFor === null) this.#inbox.push(message, bytes, acknowledgement);
    else {
      const more = {
        ...(properties && { properties }),
        ...(!whole && { payloadLength }),
        ...(copyFor && { copyFor }),
      };
      this.#inbox.push({ ...message, ...more }, bytes, acknowledgement);
    }
    return this.#inbox.hasRoom;
  }

  async #connected(connection: Connection, sessionPresent: boolean): Promise<void> {
    if (this.#state !== "connecting") return;
    this.#state = "connected";
    this.#versionAccepted = true;
    this.#connectedAt = this.#config.environment.now();
    this.#connects += 1;
    this.#lastError = null;
    this.#subscriptions.connected(sessionPresent);
    await this.#reconcile(connection);
  }

  async #reconcile(connection: Connection): Promise<void> {
    try {
      await this.#subscriptions.reconcile(connection);
      this.#copies.reset();
    } catch (error) {
      // A lost connection is told of by itself, and everything is asked for again on the next.
      if (this.#connection === connection && this.#state === "connected") connection.fail(error as Error);
    }
  }

  #disconnected(end: ConnectionEnd): void {
    this.#connection = null;
    if (this.#state === "stopped") return;
    const lasted = this.#state === "connected" ? this.#config.environment.now() - this.#connectedAt : 0;
    if (lasted >= this.#config.stableSeconds * 1_000) this.#backoff.reset();
    this.#lastError = end.error;
    if (this.#fallBack(end.versionRefused)) {
      this.#state = "connecting";
      void this.#connect();
    } else this.#wait();
  }

  /**
   * Whether the next protocol version is to be tried at once. It is kept only if the broker accepts it there and then:
   * a broker that closes without a word may also just be restarting.
   */
  #fallBack(refused: ConnectionEnd["versionRefused"]): boolean {
    if (refused === "yes") this.#versionAccepted = false;
    if (this.#versionAccepted) return false;
    const lastVersion = this.#versionIndex === this.#config.protocolVersions.length - 1;
    this.#versionIndex = refused === "no" || lastVersion ? 0 : this.#versionIndex + 1;
    return this.#versionIndex > 0;
  }

  #wait(): void {
    if (this.#state === "stopped") return;
    this.#state = "waiting";
    this.#backoffSeconds = this.#backoff.next();
    this.#cancelWait = this.#config.environment.after(this.#backoffSeconds * 1_000, () => {
      this.#state = "connecting";
      void this.#connect();
    });
  }
}
