/**
 * The publisher's connection, made again whenever it is lost.
 *
 * ```
 * closed ──open──► connecting ──CONNACK──► connected
 *   ▲               ▲      │ failed, refused   │ lost
 *   │               └─ waiting (backoff) ◄─────┘
 *   └── close: from any; only `open` leads out again
 * ```
 */
import type { IConnackPacket } from "mqtt";
import { encodePubcomp } from "./acknowledgements.ts";
import type { SourceConfig } from "./config.ts";
import { Connection, type ConnectionEnd, type ConnectionHandler } from "./connection.ts";
import { describeError } from "./errors.ts";
import type { AcknowledgementType } from "./inbound-stream.ts";
import { Backoff } from "./reconnect.ts";
import { isSecure, readCredentials } from "./transport.ts";

/** What the broker has said of itself in the CONNACK (MQTT 5, 3.2.2.3). */
export interface BrokerLimits {
  readonly protocolVersion: 4 | 5;
  readonly receiveMaximum: number;
  readonly maximumPacketBytes: number;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
}

export interface LinkHandler {
  /** @param sessionPresent whether the broker still has the handshakes that were under way */
  up(limits: BrokerLimits, sessionPresent: boolean): void;
  down(): void;
  acknowledgement(type: AcknowledgementType, packetId: number, reasonCode: number): void;
  /** There is room to send again. */
  drained(): void;
}

export interface LinkStatus {
  readonly connected: boolean;
  readonly protocolVersion: 4 | 5 | null;
  readonly currentBackoffSeconds: number;
  readonly lastError: string | null;
  readonly connects: number;
}

const limitsOf = ({ properties }: IConnackPacket, protocolVersion: 4 | 5): BrokerLimits => ({
  protocolVersion,
  receiveMaximum: properties?.receiveMaximum ?? 65_535,
  maximumPacketBytes: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
  maximumQos: (properties?.maximumQoS ?? 2) as 0 | 1 | 2,
  retainAvailable: properties?.retainAvailable !== false,
});

export class PublisherLink {
  readonly #config: SourceConfig;
  readonly #handler: LinkHandler;
  readonly #backoff: Backoff;
  #state: "closed" | "connecting" | "connected" | "waiting" = "closed";
  #connection: Connection | null = null;
  #versionIndex = 0;
  #versionAccepted = false;
  #forget = false;
  #connectedAt = 0;
  #connects = 0;
  #backoffSeconds = 0;
  #lastError: string | null = null;
  #cancelWait = () => {};

  constructor(config: SourceConfig, handler: LinkHandler) {
    this.#config = config;
    this.#handler = handler;
    this.#backoff = new Backoff(config.backoff, config.environment.random);
  }

  get secure(): boolean {
    return isSecure(this.#config.url);
  }

  get status(): LinkStatus {
    return {
      connected: this.#state === "connected",
      protocolVersion: this.#versionAccepted ? this.#protocolVersion : null,
      currentBackoffSeconds: this.#backoffSeconds,
      lastError: this.#lastError,
      connects: this.#connects,
    };
  }

  get #protocolVersion(): 4 | 5 {
    return this.#config.protocolVersions[this.#versionIndex] as 4 | 5;
  }

  /** From the next connection on: the session that the broker may have is another's, and to be discarded. */
  forgetSession(): void {
    this.#forget = true;
  }

  open(): void {
    if (this.#state === "connecting" || this.#state === "connected") return;
    this.#cancelWait();
    this.#backoff.reset();
    this.#state = "connecting";
    void this.#connect();
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#cancelWait();
    this.#backoffSeconds = 0;
    if (this.#state === "connected") this.#handler.down();
    this.#state = "closed";
    this.#connection = null;
    await connection?.end();
  }

  /** @returns null when there is no connection; false: wait for `drained` before sending more */
  send(packets: Buffer): boolean | null {
    return this.#state === "connected" ? (this.#connection?.sendMessages(packets) ?? null) : null;
  }

  async #connect(): Promise<void> {
    this.#backoffSeconds = 0;
    try {
      const credentials = await readCredentials(this.#config);
      if (this.#state === "connecting" && this.#connection === null) this.#open(credentials);
    } catch (error) {
      this.#lastError = describeError(error, this.#config.password);
      if (this.#state === "connecting") this.#wait();
    }
  }

  #open(credentials: Awaited<ReturnType<typeof readCredentials>>): void {
    const clean = this.#forget;
    let sessionPresent = false;
    const current = (task: () => void) => {
      if (this.#connection === connection) task();
    };
    const handler: ConnectionHandler = {
      connack: (_reasonCode, present) => {
        sessionPresent = present;
      },
      ready: (connack) => current(() => this.#connected(connack, clean, sessionPresent)),
      acknowledgement: (type, packetId, reasonCode) =>
        current(() => this.#handler.acknowledgement(type, packetId, reasonCode)),
      drained: () => current(() => this.#handler.drained()),
      // A session with subscriptions under this client id is somebody's mistake.
      publish: () => true,
      pubrel: (packetId) => connection.send(encodePubcomp(packetId)),
      closed: (end) => current(() => this.#disconnected(end)),
    };
    const connection = new Connection(this.#config, credentials, this.#protocolVersion, handler, () => 1, clean);
    this.#connection = connection;
  }

  #connected(connack: IConnackPacket, clean: boolean, sessionPresent: boolean): void {
    if (this.#state !== "connecting") return;
    this.#versionAccepted = true;
    this.#forget = false;
    // Under MQTT 3.1.1 a session that was begun clean ends with the connection [MQTT-3.1.2-6].
    if (clean && this.#protocolVersion === 4) {
      this.#again();
      return;
    }
    this.#state = "connected";
    this.#connectedAt = this.#config.environment.now();
    this.#connects += 1;
    this.#lastError = null;
    this.#handler.up(limitsOf(connack, this.#protocolVersion), sessionPresent);
  }

  #again(): void {
    const connection = this.#connection;
    this.#connection = null;
    void connection?.end().then(() => {
      if (this.#state === "connecting") void this.#connect();
    });
  }

  #disconnected(end: ConnectionEnd): void {
    this.#connection = null;
    const wasConnected = this.#state === "connected";
    const lasted = wasConnected ? this.#config.environment.now() - this.#connectedAt : 0;
    if (lasted >= this.#config.stableSeconds * 1_000) this.#backoff.reset();
    this.#lastError = end.error;
    if (wasConnected) this.#handler.down();
    if (this.#fallBack(end.versionRefused)) {
      this.#state = "connecting";
      void this.#connect();
    } else this.#wait();
  }

  /** See `MqttMessageSource`: a version that only failed silently is tried again. */
  #fallBack(refused: ConnectionEnd["versionRefused"]): boolean {
    if (refused === "yes") this.#versionAccepted = false;
    if (this.#versionAccepted) return false;
    const lastVersion = this.#versionIndex === this.#config.protocolVersions.length - 1;
    this.#versionIndex = refused === "no" || lastVersion ? 0 : this.#versionIndex + 1;
    return this.#versionIndex > 0;
  }

  #wait(): void {
    this.#state = "waiting";
    this.#backoffSeconds = this.#backoff.next();
    this.#cancelWait = this.#config.environment.after(this.#backoffSeconds * 1_000, () => {
      this.#state = "connecting";
      void this.#connect();
    });
  }
}
