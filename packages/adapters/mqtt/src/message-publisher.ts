/**
 * `MessagePublisher` over MQTT.js: that owns the connection, while PUBLISH and PUBREL are written past it and their
 * acknowledgements read before it. Its own store of outgoing messages would publish anew what the broker has received.
 *
 * Everything that touches the disk happens in turns, one after the other: acknowledgements, newcomers, then the queue.
 * What comes in meanwhile is taken together by the next turn, and so shares its fsync.
 */
import {
  type MessagePublisher,
  normalisePublish,
  type PublisherStatus,
  PublisherUnavailable,
  type PublishReceipt,
  type PublishRequest,
} from "@sluice/domain";
import { describeError } from "./errors.ts";
import { InFlightWindow } from "./in-flight-window.ts";
import { Acknowledgements } from "./publish-acknowledgements.ts";
import { PublishDrain } from "./publish-drain.ts";
import { type Newcomer, PublishIntake } from "./publish-intake.ts";
import { PublishLedger } from "./publish-ledger.ts";
import { decodeRecord, encodeRecord } from "./publish-record.ts";
import { PublishSender } from "./publish-sender.ts";
import { type MqttPublisherOptions, type PublisherConfig, resolvePublisherConfig } from "./publisher-config.ts";
import { PublisherLink } from "./publisher-link.ts";

/** After the queue's database has failed. */
const RETRY_MS = 1_000;

export class MqttMessagePublisher implements MessagePublisher {
  readonly name: string;
  readonly #config: PublisherConfig;
  readonly #link: PublisherLink;
  readonly #window = new InFlightWindow();
  readonly #ledger: PublishLedger;
  readonly #acknowledgements: Acknowledgements;
  readonly #intake: PublishIntake;
  readonly #drain: PublishDrain;
  readonly #sender: PublishSender;
  #state: "idle" | "running" | "stopped" = "idle";
  #newcomers: Newcomer[] = [];
  #running: Promise<void> | null = null;
  #again = false;
  #storeError: string | null = null;
  #cancelRetry = () => {};

  constructor(options: MqttPublisherOptions) {
    this.#config = resolvePublisherConfig(options);
    this.name = this.#config.connection.name;
    this.#ledger = new PublishLedger(this.name, this.#config.onLost);
    this.#acknowledgements = new Acknowledgements(this.#config, this.#window, this.#ledger);
    this.#intake = new PublishIntake(this.#config, this.#ledger);
    this.#drain = new PublishDrain(this.#config, this.#window, this.#ledger);
    this.#sender = new PublishSender(this.#config, this.#window, this.#drain, this.#ledger);
    this.#link = new PublisherLink(this.#config.connection, {
      up: (limits, sessionPresent) => {
        this.#sender.line = { limits, sessionPresent, send: (packets) => this.#link.send(packets) };
        this.#wake();
      },
      down: () => {
        this.#sender.line = null;
      },
      acknowledgement: (type, packetId, reasonCode) => {
        this.#acknowledgements.push(type, packetId, reasonCode);
        this.#wake();
      },
      drained: () => {
        this.#sender.drained();
        this.#wake();
      },
    });
  }

  async start(): Promise<void> {
    if (this.#state !== "idle") return;
    const { queue, inFlight, session } = this.#config;
    // Handshakes of a session that is not ours would be taken for our own: it must be begun anew.
    if ((await inFlight.session(this.name)) !== session) this.#link.forgetSession();
    const stored = await inFlight.all(this.name);
    await queue.commit({ complete: stored.map(({ id }) => id) });
    await queue.releaseAll();
    for (const one of stored) {
      const message = decodeRecord(one.payload);
      this.#window.add({ stored: one, message, received: one.received, dup: true, sent: false });
    }
    this.#state = "running";
    this.#link.open();
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    const wasRunning = this.#state === "running";
    this.#state = "stopped";
    await this.#running;
    await this.#link.close();
    // What was published or acknowledged last.
    if (wasRunning) await this.#run();
    this.#cancelRetry();
    this.#ledger.suspend();
  }

  connect(): void {
    if (this.#state === "running") this.#link.open();
  }

  async disconnect(): Promise<void> {
    await this.#link.close();
  }

  async publish(request: PublishRequest): Promise<PublishReceipt> {
    const { message, priority } = normalisePublish(request, this.#config.maximumPayloadBytes);
    if (this.#state !== "running") throw new PublisherUnavailable("the publisher is not running");
    const { ids, clock } = this.#config;
    const payload = encodeRecord(message);
    const item = { id: ids.next(), group: this.name, priority, payload, enqueuedAt: clock.now() };
    return new Promise((resolve, reject) => {
      this.#newcomers.push({ item, message, resolve, reject });
      this.#wake();
    });
  }

  async status(): Promise<PublisherStatus> {
    const { queue, connection } = this.#config;
    const [groups, counts, statistics] = await Promise.all([queue.groups(), queue.counts(), queue.statistics()]);
    const link = this.#link.status;
    return {
      name: this.name,
      url: connection.shownUrl,
      clientId: connection.clientId,
      ...link,
      lastError: this.#storeError ?? link.lastError,
      tls: this.#link.secure,
      waiting: groups.find(({ group }) => group === this.name)?.waiting ?? 0,
      inFlight: this.#window.size,
      sent: this.#ledger.sent,
      acknowledged: this.#ledger.acknowledged,
      lost: this.#ledger.readCounts(counts),
      queue: statistics,
    };
  }

  /** The next turn begins when the present task is over: what is published within it goes together. */
  #wake(): void {
    this.#again = true;
    if (this.#running !== null || this.#state !== "running") return;
    this.#running = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#run())
      .finally(() => {
        this.#running = null;
        if (this.#again) this.#wake();
      });
  }

  async #run(): Promise<void> {
    this.#again = false;
    this.#cancelRetry();
    try {
      await this.#turn();
      this.#storeError = null;
    } catch (error) {
      this.#storeError = describeError(error, this.#config.connection.password);
      this.#cancelRetry = this.#config.connection.environment.after(RETRY_MS, () => this.#wake());
    }
  }

  async #turn(): Promise<void> {
    const { line } = this.#sender;
    const newcomers = this.#newcomers;
    this.#newcomers = [];
    try {
      const releases = await this.#acknowledgements.settle(line?.limits.protocolVersion ?? 4);
      this.#sender.release(releases, line);
    } finally {
      const rest = this.#sender.sendDirectly(newcomers);
      if (rest.length > 0) this.#drain.refilled();
      await this.#intake.enqueue(rest);
    }
    await this.#sender.sendAll(line);
  }
}
