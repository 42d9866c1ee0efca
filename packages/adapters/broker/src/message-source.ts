/**
 * `MessageSource` without a network between broker and gateway: a message is taken in the embedded broker's publish
 * path and the publisher's own PUBACK or PUBREC waits for the batch's `ack()`. So "acknowledged means on disk" holds
 * from the device to the event log, also when the process is killed: what has no PUBACK its client sends again.
 *
 * A message is yielded once, however many filters match it; its QoS is the highest granted to one of them, or its own
 * if lower. A message that no filter matches passes at once. Until `start()`, and after `stop()`, nothing passes.
 *
 * Window. What is beyond it waits with its acknowledgement withheld; of each connection that is at most what aedes has
 * read at once (about 64 KiB), since it reads on when all of that is answered.
 */
import type { QoS } from "@sluice/contracts";
import {
  Inbox,
  type MessageBatch,
  type MessageSource,
  matchesFilter,
  parseTopicFilter,
  type ReceivedMessage,
  RoutingTrie,
  type SourceStatus,
  type Subscription,
  type TopicFilter,
} from "@sluice/domain";
import type { PublishPacket } from "aedes";
import { type EmbeddedSourceConfig, type EmbeddedSourceOptions, resolveSourceConfig } from "./config.ts";
import type { EmbeddedBroker, PublishReceiver } from "./embedded-broker.ts";

interface Granted {
  readonly filter: TopicFilter;
  readonly qos: QoS;
}

/** What a message costs besides its payload: an estimate for the window. */
const MESSAGE_OVERHEAD_BYTES = 64;

export class EmbeddedBrokerSource implements MessageSource {
  readonly name: string;
  readonly #config: EmbeddedSourceConfig;
  readonly #broker: EmbeddedBroker;
  readonly #inbox: Inbox<null, () => void>;
  readonly #routes = new RoutingTrie<Granted>();
  #granted = new Map<string, Granted>();
  readonly #refused = new Map<string, string>();
  /** Beyond the window, or before the start. */
  #waiting: (() => void)[] = [];
  #state: "idle" | "started" | "stopped" = "idle";
  #lastError: string | null = null;

  /** Attaches itself to the broker, which must not have been started. */
  constructor(broker: EmbeddedBroker, options: EmbeddedSourceOptions = {}) {
    this.#config = resolveSourceConfig(options);
    this.name = this.#config.name;
    this.#broker = broker;
    const { windowMessages: messages, windowBytes: bytes, maximumBatch: batch } = this.#config;
    this.#inbox = new Inbox(
      null,
      { messages, bytes, batch },
      {
        schedule: (task) => setImmediate(task),
        release: (_origin, proceeds) => {
          for (const proceed of proceeds) proceed();
        },
        onRoom: () => this.#admit(),
      },
    );
    const receiver: PublishReceiver = {
      publish: (packet, repeated, proceed) => this.#enter(() => this.#receive(packet, repeated, proceed)),
      system: (packet) => this.#receiveSystem(packet),
    };
    broker.attach(receiver);
  }

  async start(): Promise<void> {
    if (this.#state !== "idle") return;
    this.#state = "started";
    this.#takeRetained([...this.#granted.keys()]);
    this.#admit();
  }

  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#waiting = [];
    this.#inbox.close();
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    const wanted = this.#parse(subscriptions);
    const added = [...wanted.keys()].filter((filter) => !this.#granted.has(filter));
    for (const granted of this.#granted.values()) this.#routes.delete(granted.filter, granted);
    for (const granted of wanted.values()) this.#routes.insert(granted.filter, granted);
    this.#granted = wanted;
    if (this.#state === "started") this.#takeRetained(added);
  }

  receive(): AsyncIterable<MessageBatch> {
    return this.#inbox.receive();
  }

  status(): SourceStatus {
    const { listening, lastError } = this.#broker.status;
    return {
      name: this.name,
      url: this.#broker.url,
      connected: listening && this.#state === "started",
      protocolVersion: 4,
      subscriptions: this.#granted.size,
      refused: new Map(this.#refused),
      unacknowledged: this.#inbox.unacknowledged,
      tls: false,
      currentBackoffSeconds: 0,
      lastError: this.#lastError ?? (listening ? null : lastError),
      connects: this.#state === "idle" ? 0 : 1,
    };
  }

  #parse(subscriptions: readonly Subscription[]): Map<string, Granted> {
    const wanted = new Map<string, Granted>();
    this.#refused.clear();
    for (const { filter, qos } of subscriptions) {
      try {
        const highest = Math.max(qos, wanted.get(filter)?.qos ?? 0) as QoS;
        wanted.set(filter, { filter: parseTopicFilter(filter), qos: highest });
      } catch (error) {
        this.#refused.set(filter, (error as Error).message);
      }
    }
    return wanted;
  }

  /** In order: nothing overtakes what waits. */
  #enter(task: () => void): void {
    if (this.#state === "stopped") return;
    this.#waiting.push(task);
    if (this.#waiting.length === 1) this.#admit();
  }

  #admit(): void {
    let admitted = 0;
    while (this.#state === "started" && this.#inbox.hasRoom && admitted < this.#waiting.length) {
      (this.#waiting[admitted] as () => void)();
      admitted += 1;
    }
    if (admitted > 0) this.#waiting.splice(0, admitted);
  }

  #receive(packet: PublishPacket, repeated: boolean, proceed: () => void): void {
    const matching = this.#routes.match(packet.topic);
    if (matching.length === 0) proceed();
    // The one before it may still be on its way to the log; in this place it is answered after it.
    else if (repeated) this.#inbox.pushToken(proceed);
    else this.#push(packet, matching, false, proceed);
  }

  #receiveSystem(packet: PublishPacket): void {
    const matching = this.#routes.match(packet.topic);
    if (this.#state === "started" && matching.length > 0 && this.#inbox.hasRoom) {
      this.#push(packet, matching, false, null);
    }
  }

  #push(packet: PublishPacket, matching: readonly Granted[], retain: boolean, proceed: (() => void) | null): void {
    let highest = 0;
    for (const { qos } of matching) if (qos > highest) highest = qos;
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    const message: ReceivedMessage = {
      topic: packet.topic,
      payload,
      qos: Math.min(packet.qos, highest) as QoS,
      retain,
      dup: packet.dup === true,
      receivedAt: this.#config.now(),
    };
    this.#inbox.push(message, payload.length + packet.topic.length + MESSAGE_OVERHEAD_BYTES, proceed);
  }

  /** As a broker does at a new subscription, except a shared one [MQTT-3.3.1-6]; each message once. */
  #takeRetained(filters: readonly string[]): void {
    const plain = filters.flatMap((filter) => {
      const granted = this.#granted.get(filter);
      return granted === undefined || granted.filter.shareGroup !== null ? [] : [granted];
    });
    if (plain.length === 0 || !this.#broker.status.listening) return;
    this.#readRetained(plain).catch((error: Error) => {
      this.#lastError = error.message;
    });
  }

  async #readRetained(added: readonly Granted[]): Promise<void> {
    const seen = new Set<string>();
    for await (const packet of this.#broker.retained(added.map(({ filter }) => filter.filter))) {
      if (seen.has(packet.topic)) continue;
      seen.add(packet.topic);
      const matching = added.filter(({ filter }) => matchesFilter(filter, packet.topic));
      this.#enter(() => this.#push(packet, matching, true, null));
    }
  }
}
