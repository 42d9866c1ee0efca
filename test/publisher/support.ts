/** A publisher with stores of its own, and a subscriber that notes what arrives. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MqttMessagePublisher, type MqttPublisherOptions } from "@sluice/adapter-mqtt";
import { SqliteInFlightStore, SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import type { LostPublish, PublishRequest } from "@sluice/domain";
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";

export type ProtocolVersion = 4 | 5;
export const protocolVersions: readonly ProtocolVersion[] = [5, 4];
export const versionName = (version: ProtocolVersion): string => (version === 5 ? "MQTT 5" : "MQTT 3.1.1");

export const makeDirectory = async (t: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-publisher-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

/** Waits until it is so, at most `ms`. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await delay(5);
  }
};

export interface Opened {
  readonly publisher: MqttMessagePublisher;
  readonly queue: SqliteOfflineQueue;
  readonly inFlight: SqliteInFlightStore;
  readonly lost: LostPublish[];
  /** Stops the publisher and closes its stores. */
  stop(): Promise<void>;
}

export interface OpenOptions extends Partial<MqttPublisherOptions> {
  readonly url: string;
  readonly directory: string;
  readonly capacity?: number;
}

let lastId = 0;

/** Started, not necessarily connected. */
export const openPublisher = async (t: TestContext, options: OpenOptions): Promise<Opened> => {
  const { directory, capacity = 1_000, ...rest } = options;
  const path = join(directory, "publish.db");
  const queue = new SqliteOfflineQueue({ path, capacity, durability: "newcomers" });
  const inFlight = new SqliteInFlightStore({ path });
  await queue.start();
  await inFlight.start();
  const lost: LostPublish[] = [];
  const publisher = new MqttMessagePublisher({
    clientId: "publisher",
    backoff: { initialSeconds: 0.02, maximumSeconds: 0.05 },
    clock: { now: Date.now },
    ids: { next: () => `m${String(++lastId).padStart(6, "0")}` },
    onLost: (one) => lost.push(one),
    ...rest,
    queue,
    inFlight,
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await publisher.stop();
    await inFlight.stop();
    await queue.stop();
  };
  t.after(stop);
  await publisher.start();
  return { publisher, queue, inFlight, lost, stop };
};

export const isConnected = (publisher: MqttMessagePublisher): Promise<void> =>
  until("connected", async () => (await publisher.status()).connected);

export const isIdle = (publisher: MqttMessagePublisher): Promise<void> =>
  until("nothing waits and nothing is in flight", async () => {
    const { waiting, inFlight } = await publisher.status();
    return waiting === 0 && inFlight === 0;
  });

/** Payload and topic as texts. */
export const message = (topic: string, text: string, more: Partial<PublishRequest> = {}): PublishRequest => ({
  topic,
  payload: Buffer.from(text),
  ...more,
});

const MARKER = "marker of the subscriber";

export class Subscriber {
  readonly packets: IPublishPacket[] = [];
  readonly client: MqttClient;
  #markers = 0;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, _payload, packet) => {
      if (topic === MARKER) this.#markers += 1;
      else this.packets.push(packet);
    });
  }

  /** At QoS 2, connected when it resolves. */
  static async open(
    t: TestContext,
    url: string,
    filter = "#",
    options: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0 },
  ): Promise<Subscriber> {
    const client = mqtt.connect(url, options);
    const subscriber = new Subscriber(client);
    t.after(() => client.end(true));
    client.on("error", () => {});
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
    });
    await client.subscribeAsync(filter, { qos: 2 });
    return subscriber;
  }

  get texts(): string[] {
    return this.packets.map(({ payload }) => payload.toString());
  }

  async has(count: number): Promise<void> {
    await until(`${count} messages`, () => this.packets.length >= count).catch((error) =>
      assert.fail(`${(error as Error).message}; there are ${this.packets.length}: ${this.texts.slice(0, 20)}`),
    );
  }

  /** What the broker has taken by now has arrived. */
  async settled(): Promise<void> {
    const arrived = this.#markers + 1;
    await this.client.subscribeAsync(MARKER, { qos: 2 });
    await this.client.publishAsync(MARKER, "", { qos: 2 });
    await until("the marker", () => this.#markers >= arrived);
  }
}
