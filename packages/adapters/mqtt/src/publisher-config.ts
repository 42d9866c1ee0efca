import type { Clock, IdSource, InFlightStore, LostPublish, OfflineQueue } from "@sluice/domain";
import { type MqttSourceOptions, resolveConfig, type SourceConfig } from "./config.ts";

export interface MqttPublisherOptions
  extends Pick<
    MqttSourceOptions,
    | "name"
    | "url"
    | "clientId"
    | "username"
    | "password"
    | "tls"
    | "keepaliveSeconds"
    | "connectTimeoutSeconds"
    | "sessionExpirySeconds"
    | "protocolVersion"
    | "backoff"
    | "stableSeconds"
    | "environment"
  > {
  /** Started; may be shared by publishers of other names. */
  readonly queue: OfflineQueue;
  /** Started; in the queue's database. */
  readonly inFlight: InFlightStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly maximumPayloadBytes?: number;
  /**
   * QoS 1 and 2 messages that may be unacknowledged. Default under MQTT 5: 1,000, or less where the broker says so
   * [MQTT-3.3.4-9]. Under MQTT 3.1.1 a broker cannot say, and it is 20: of more than its `max_inflight_messages`, 20 by
   * default, Mosquitto 2.0.11 closes the connection or answers PUBREC and drops the message (seen).
   */
  readonly maximumInFlight?: number;
  /** Told of every message that will not be delivered. */
  readonly onLost?: (lost: LostPublish) => void;
}

export interface PublisherConfig {
  /** The connection's. */
  readonly connection: SourceConfig;
  readonly queue: OfflineQueue;
  readonly inFlight: InFlightStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly maximumPayloadBytes: number;
  readonly maximumInFlight: (protocolVersion: 4 | 5) => number;
  readonly onLost: (lost: LostPublish) => void;
  /** Names the broker's session: packet identifiers of another session mean nothing in it. */
  readonly session: string;
}

/** Remaining Length at its largest, less the longest topic and some properties. */
const MAXIMUM_PAYLOAD_BYTES = 256 * 1024 * 1024 - 2 * 1024 * 1024;

/** @throws TypeError see `resolveConfig`; @throws RangeError on a window that is none */
export const resolvePublisherConfig = (options: MqttPublisherOptions): PublisherConfig => {
  const { queue, inFlight, clock, ids, maximumInFlight, onLost, ...rest } = options;
  const { maximumPayloadBytes = MAXIMUM_PAYLOAD_BYTES, ...connectionOptions } = rest;
  if (maximumInFlight !== undefined && !(maximumInFlight >= 1 && maximumInFlight <= 65_535)) {
    throw new RangeError("maximumInFlight must be from 1 to 65535");
  }
  const connection = resolveConfig(connectionOptions);
  return {
    connection,
    queue,
    inFlight,
    clock,
    ids,
    maximumPayloadBytes: Math.min(maximumPayloadBytes, MAXIMUM_PAYLOAD_BYTES),
    maximumInFlight: (protocolVersion) => Math.floor(maximumInFlight ?? (protocolVersion === 5 ? 1_000 : 20)),
    onLost: onLost ?? (() => {}),
    session: `${connection.clientId} at ${connection.shownUrl}`,
  };
};
