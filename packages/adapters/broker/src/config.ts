export interface EmbeddedBrokerOptions {
  /** Default 127.0.0.1: reachable from this machine alone. */
  readonly host?: string;
  /** If taken, the next free one after it; 0: any. */
  readonly port?: number;
  /** Asked of every client; default: anybody may connect. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly maximumConnections?: number;
  /** A larger packet closes the connection that sends it. */
  readonly maximumPacketBytes?: number;
  /** Messages kept for a subscriber that is away; more are dropped for it and counted. */
  readonly maximumQueuedMessages?: number;
  /** Topics with a retained message; more are not kept, and counted. */
  readonly maximumRetainedTopics?: number;
}

export type BrokerConfig = Required<Omit<EmbeddedBrokerOptions, "credentials">> &
  Pick<EmbeddedBrokerOptions, "credentials">;

export const resolveBrokerConfig = (options: EmbeddedBrokerOptions): BrokerConfig => ({
  host: "127.0.0.1",
  port: 1883,
  maximumConnections: 1_000,
  maximumPacketBytes: 2 * 1024 * 1024,
  maximumQueuedMessages: 1_000,
  maximumRetainedTopics: 100_000,
  ...options,
});

export interface EmbeddedSourceOptions {
  /** Name of the broker in flows, events and the health report. */
  readonly name?: string;
  /** Unacknowledged messages, and their bytes, beyond which the rest waits. */
  readonly windowMessages?: number;
  readonly windowBytes?: number;
  readonly maximumBatch?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export type EmbeddedSourceConfig = Required<EmbeddedSourceOptions>;

export const resolveSourceConfig = (options: EmbeddedSourceOptions): EmbeddedSourceConfig => ({
  name: "default",
  windowMessages: 4_096,
  windowBytes: 32 * 1024 * 1024,
  maximumBatch: 500,
  now: Date.now,
  ...options,
});
