/** What a definition of the message source's conformance suite works with. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageBatch, MessageSource, ReceivedMessage } from "@sluice/domain";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { TcpLink } from "../support/tcp-link.ts";
import type { SourceCapabilities, SourceOptions } from "./message-source-adapters.ts";

export interface MessageSourceContext {
  readonly capabilities: SourceCapabilities;
  /** Where devices publish. */
  readonly deviceUrl: () => string;
  /**
   * The connection on which acknowledgements wait for `ack()`: from the source to its broker; or, where the source sits
   * in the broker, from a device to it.
   */
  readonly link: TcpLink;
  /** Acknowledgements (PUBACK, PUBREC) that the link has seen so far, oldest first. */
  acknowledgements(): readonly { readonly type: number; readonly packetId: number }[];
  /** A source, not started; stopped after the definition. */
  open(options?: SourceOptions): MessageSource;
  restartBroker(): Promise<void>;
  killBroker(): Promise<void>;
  startBroker(): Promise<void>;
  /** A device, connected; its connection ends after the definition. */
  device(options?: IClientOptions): Promise<MqttClient>;
}

export interface MessageSourceDefinition {
  readonly name: string;
  /** Not run where the adapter does not promise it. */
  readonly needs?: keyof SourceCapabilities;
  run(context: MessageSourceContext): Promise<void>;
}

/** Waits until it is so, at most `ms`. */
export const until = async (what: string, condition: () => boolean, ms = 10_000): Promise<void> => {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await delay(5);
  }
};

export const connected = (source: MessageSource): Promise<void> => until("connected", () => source.status().connected);

/** Started, connected, and with the broker's answer to its subscriptions. */
export const ready = async (source: MessageSource, filters: readonly string[], qos: 0 | 1 | 2 = 2): Promise<void> => {
  const subscriptions = filters.map((filter) => ({ filter, qos }));
  await source.subscribe(subscriptions);
  await source.start();
  await connected(source);
  await source.subscribe(subscriptions);
};

/** Consumes a source; what it does with a batch may change at any time. */
export class Consumer {
  readonly messages: ReceivedMessage[] = [];
  readonly batches: MessageBatch[] = [];
  /** Batches are acknowledged as they come. */
  acknowledging: boolean;
  ended = false;
  readonly finished: Promise<void>;

  constructor(source: MessageSource, acknowledging = true) {
    this.acknowledging = acknowledging;
    this.finished = this.#consume(source);
  }

  async #consume(source: MessageSource): Promise<void> {
    for await (const batch of source.receive()) {
      assert.ok(batch.messages.length > 0, "a batch has at least one message");
      this.messages.push(...batch.messages);
      this.batches.push(batch);
      if (this.acknowledging) batch.ack();
    }
    this.ended = true;
  }

  /** Acknowledges everything received, and what comes from now on. */
  acknowledgeAll(): void {
    this.acknowledging = true;
    for (const batch of this.batches) batch.ack();
  }

  get texts(): string[] {
    return this.messages.map(({ payload }) => Buffer.from(payload).toString());
  }

  async received(count: number, ms?: number): Promise<readonly ReceivedMessage[]> {
    await until(`${count} messages`, () => this.messages.length >= count, ms);
    return this.messages;
  }
}

/** Nothing more comes for a moment. */
export const quiet = async (consumer: Consumer, count: number, ms = 150): Promise<void> => {
  await delay(ms);
  assert.equal(consumer.messages.length, count, `messages: ${consumer.texts.slice(0, 20)}`);
};

export const connectDevice = async (url: string, options: IClientOptions = {}): Promise<MqttClient> => {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 50, ...options });
  client.on("error", () => {});
  return client;
};
