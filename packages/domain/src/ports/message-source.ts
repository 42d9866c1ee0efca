/**
 * Where messages come from: one source per broker.
 *
 * Protocol. `subscribe(filters)` may be called at any time, also before `start()`: the source makes the broker's
 * subscriptions equal to the list, at once when connected and again at every connect. `receive()` is iterated by
 * exactly one consumer. It yields batches in receive order; the consumer may pull the next batch before it has
 * acknowledged the one before, and the source reads on only while fewer than its window of messages is unacknowledged.
 *
 * Acknowledgement. `batch.ack()` says that every message of the batch is durable. Only then does a PUBACK (QoS 1) or
 * PUBREC (QoS 2) leave, and always in receive order [MQTT-4.6.0-2]: acknowledging batch 2 before batch 1 waits for 1.
 * A batch that is never acknowledged is redelivered by the broker after a reconnect, not before; so a consumer that
 * cannot commit keeps the batch and tries again, it does not drop it. `ack()` after a reconnect is harmless: the
 * broker sends those messages again, with `dup` set.
 *
 * Copies. A message that matches several of the filters is yielded once, as far as the protocol lets the source see that;
 * once more for each shared filter whose copy is told apart (`copyFor`).
 *
 * Errors. Connection trouble never ends `receive()`; it shows in `status()`. `stop()` ends it: what no
 * batch has carried yet is dropped, what is acknowledged later than that may be sent again by the broker.
 */
import type { PublishProperties, QoS } from "@sluice/contracts";

export interface ReceivedMessage {
  readonly topic: string;
  /** May be a view of a larger buffer: who keeps it for long copies it. */
  readonly payload: Uint8Array;
  /** Bytes as published, where the source kept only the first of them; absent on a whole payload. */
  readonly payloadLength?: number;
  readonly qos: QoS;
  /** Set on a message that the broker had stored before we subscribed [MQTT-3.3.1-8]. */
  readonly retain: boolean;
  /** The broker says that it sent this one before. Never enough to call it a duplicate. */
  readonly dup: boolean;
  readonly properties?: PublishProperties;
  /** Absent: every subscription of ours that matches the topic. */
  readonly copyFor?: CopyFor;
  /** Milliseconds since the epoch at which the last byte was read. */
  readonly receivedAt: number;
}

/**
 * For which of our subscriptions a copy of a message was sent. A shared subscription gets a message in one of its group's
 * sessions only: another subscription's copy is none for it, though its filter matches. Told only where some are shared
 * and the broker says it, with subscription identifiers (MQTT 5, 3.3.2.3.8).
 */
export interface CopyFor {
  /** Whether it is for those that are not shared. */
  readonly plain: boolean;
  /** The shared ones, as they were subscribed. */
  readonly shared: readonly string[];
}

export interface MessageBatch {
  /** At least one. */
  readonly messages: readonly ReceivedMessage[];
  ack(): void;
}

export interface Subscription {
  /** A plain MQTT filter: names of levels already replaced by `+`. */
  readonly filter: string;
  readonly qos: QoS;
}

export interface SourceStatus {
  readonly name: string;
  /** Without credentials. */
  readonly url: string;
  readonly connected: boolean;
  /** 4 is MQTT 3.1.1, 5 is MQTT 5; null until connected. */
  readonly protocolVersion: number | null;
  /** Filters that the broker has granted. */
  readonly subscriptions: number;
  /** Filters that the broker refused, with its reason. */
  readonly refused: ReadonlyMap<string, string>;
  /** Messages received and not yet acknowledged. */
  readonly unacknowledged: number;
  readonly tls: boolean;
  readonly currentBackoffSeconds: number;
  readonly lastError: string | null;
  /** Connections made so far. */
  readonly connects: number;
}

export interface MessageSource {
  readonly name: string;
  /** Begins to connect; resolves at once, whether or not the broker can be reached. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Replaces the whole list; the same filter twice is one subscription at the higher QoS. Resolves when the broker has
   * answered, or at once while there is no connection; a filter that is refused shows in `status()`.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;
  receive(): AsyncIterable<MessageBatch>;
  status(): SourceStatus;
}
