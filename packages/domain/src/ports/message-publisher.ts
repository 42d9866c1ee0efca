/**
 * Publishes to one broker through a durable queue: what is published while the broker is away waits on disk.
 *
 * Life of a message: queued → in flight (QoS 1 and 2: sent, not acknowledged) → acknowledged; of QoS 0: queued → sent.
 * A message of QoS 0 that finds a connection and nothing queued goes straight out and never touches the disk. Every
 * other end (`refused`, `evicted`, `rejected`, `expired`) is told as the outcome and to whoever watches the publisher,
 * and is counted on disk: nothing disappears silently.
 *
 * Order. The highest priority goes first, then what was published first. So of one topic, priority and QoS nothing
 * overtakes anything, whether it was published before or after the connection came; between different QoS a broker need
 * not keep the order in which it got them (MQTT 5, 4.6). What is in flight when a connection is lost goes again before
 * anything else, in the order in which it was sent [MQTT-4.6.0-1].
 *
 * Once or again. QoS 2 is delivered once across lost connections and restarts of this process, as long as the broker
 * keeps the session: what is in flight, under which packet identifier, and whether the broker has received it is on
 * disk before the next packet of the handshake leaves. Where the broker has lost the session everything in flight is
 * published anew: rather twice than not at all. QoS 1 may come twice, as MQTT has it.
 *
 * Bound. The queue's: a newcomer evicts only what has a lower priority, else it is refused. See offline-queue.ts.
 *
 * Errors. Connection trouble shows in `status()` alone; the publisher connects again after 1, 2, 4 … 60 seconds, less a
 * random part. `publish` rejects with InvalidPublish when the message can never be sent, and with PublisherUnavailable
 * when it could not be stored; either way nothing was taken.
 */
import type { PublishProperties, QoS } from "@sluice/contracts";
import type { QueueStatistics } from "./offline-queue.ts";

export interface PublishRequest {
  /** Without wildcards [MQTT-3.3.2-2]. */
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Default 1. */
  readonly qos?: QoS;
  readonly retain?: boolean;
  /** 1 to 10, default 5; 10 goes first and is evicted last. */
  readonly priority?: number;
  /** Not sent under MQTT 3.1.1; `messageExpiryInterval` counts from now, and holds for the queue in any version. */
  readonly properties?: PublishProperties;
}

/** How a message ends. */
export type PublishOutcome =
  /** `reasonCode` 16: nobody has subscribed (MQTT 5). */
  | { readonly state: "acknowledged"; readonly reasonCode: number }
  /** QoS 0: handed to the connection. */
  | { readonly state: "sent" }
  | { readonly state: PublishLoss; readonly reason: string }
  /** The publisher was stopped first; the message is on disk and goes out after the next start. */
  | { readonly state: "pending" };

/**
 * `refused`: the queue is full, and of nothing lower. `evicted`: it made room for a higher priority. `rejected`: the
 * broker does not take it. `expired`: its `messageExpiryInterval` was over before it could be sent.
 */
export type PublishLoss = "refused" | "evicted" | "rejected" | "expired";

export interface PublishReceipt {
  readonly id: string;
  /** `queued`: on disk. */
  readonly state: "sent" | "queued" | "refused";
  /** Of a refusal. */
  readonly reason?: string;
  /** Ids of messages of lower priority that went for this one, or for one that was queued together with it. */
  readonly evicted: readonly string[];
  /** Never rejects. */
  readonly outcome: Promise<PublishOutcome>;
}

/** A message that will not be delivered. */
export interface LostPublish {
  readonly loss: PublishLoss;
  readonly id: string;
  readonly topic: string;
  readonly qos: QoS;
  readonly priority: number;
  readonly reason: string;
}

export interface PublisherStatus {
  /** Name of the broker. */
  readonly name: string;
  /** Without credentials. */
  readonly url: string;
  readonly clientId: string;
  readonly connected: boolean;
  /** 4 is MQTT 3.1.1, 5 is MQTT 5; null until connected. */
  readonly protocolVersion: number | null;
  readonly tls: boolean;
  readonly currentBackoffSeconds: number;
  readonly lastError: string | null;
  /** Connections made so far. */
  readonly connects: number;
  /** Messages of this publisher that wait in the queue. */
  readonly waiting: number;
  /** Sent and not acknowledged. */
  readonly inFlight: number;
  /** Since this process started. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Since the queue was made, also by earlier processes. */
  readonly lost: Readonly<Record<PublishLoss, number>>;
  /** Of the whole queue, which several publishers may share. */
  readonly queue: QueueStatistics;
}

export interface MessagePublisher {
  readonly name: string;
  /**
   * Takes up what earlier processes left and begins to connect; resolves whether or not the broker can be reached. The
   * queue and the store of what is in flight must be started.
   * @throws QueueUnavailable
   */
  start(): Promise<void>;
  /** Closes the connection with a DISCONNECT; what was published by now and not sent is in the queue. */
  stop(): Promise<void>;
  /** @throws InvalidPublish @throws PublisherUnavailable */
  publish(request: PublishRequest): Promise<PublishReceipt>;
  /** Closes the connection with a DISCONNECT, and it stays closed until `connect()`; publishes are queued. */
  disconnect(): Promise<void>;
  /** Ends what `disconnect()` began, or a wait for the next attempt. */
  connect(): void;
  status(): Promise<PublisherStatus>;
}

export class PublisherUnavailable extends Error {
  override readonly name = "PublisherUnavailable";
}
