/** What a backup is taken of: a gateway in the middle of its work, and what must be true of the one that was restored. */
import assert from "node:assert/strict";
import mqtt from "mqtt";
import { assertConservation } from "../support/conservation.ts";
import { eventually, type GatewayProcess } from "../support/gateway-process.ts";
import type { Receiver } from "../support/receiver.ts";

export const FLOW = "BACKUP";

export const defineFlow = async (gateway: GatewayProcess, receiver: Receiver): Promise<void> => {
  await gateway.define({
    code: FLOW,
    topic: "backup/{device}",
    payloadSchema: { n: "int", text: "string" },
    actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url: `${receiver.url}/n` }],
  });
  await eventually(
    async () => (await gateway.api("/health")).body.statistics.active_subscriptions >= 1,
    "the subscription",
  );
};

export interface Traffic {
  /** Of the messages whose PUBACK has come. */
  readonly acknowledged: ReadonlySet<number>;
  /** Resolves when `count` more have been acknowledged. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Publishes 20 messages at a time until it is stopped. */
export const startTraffic = async (gateway: GatewayProcess, first = 0): Promise<Traffic> => {
  const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4, reconnectPeriod: 0 });
  const acknowledged = new Set<number>();
  let next = first;
  let stopping = false;
  const publish = async (): Promise<void> => {
    while (!stopping) {
      const n = next++;
      await device.publishAsync("backup/7", JSON.stringify({ n, text: `ü "${n}"` }), { qos: 1 });
      acknowledged.add(n);
    }
  };
  const running = Promise.all(Array.from({ length: 20 }, publish));
  return {
    acknowledged,
    more: async (count) => {
      const goal = acknowledged.size + count;
      await eventually(() => acknowledged.size >= goal, `${count} more messages`, 60_000);
    },
    stop: async () => {
      stopping = true;
      await running;
      await device.endAsync();
    },
  };
};

interface Logged {
  readonly id: string;
  readonly position: string;
  readonly type: string;
  readonly data: Record<string, unknown> & { readonly messageNumber: number; readonly payload: { data: string } };
}

export interface Restored {
  /** `n` of every message in its log. */
  readonly messages: ReadonlySet<number>;
  readonly head: number;
}

/**
 * Everything that was safe when the backup began is there, numbers and positions have no gap, and the projection has one
 * row for each StoredAttribute.
 * @param rows event ids of the projection's rows, read past Sluice's own code
 */
export const assertRestored = async (
  gateway: GatewayProcess,
  safe: ReadonlySet<number>,
  rows: () => Promise<readonly string[]>,
): Promise<Restored> => {
  await gateway.caughtUp();
  const events: Logged[] = await gateway.all("/api/v1/events");
  assert.deepEqual(
    events.map((event) => Number(event.position)),
    events.map((_, index) => index + 1),
    "positions from 1 without a gap",
  );
  const received = events.filter((event) => event.type === "MessageReceived");
  assert.deepEqual(
    received.map((event) => event.data.messageNumber),
    received.map((_, index) => index + 1),
    "message numbers from 1 without a gap",
  );
  const messages = new Set(received.map((event) => JSON.parse(event.data.payload.data).n as number));
  assert.equal(messages.size, received.length, "no message twice");
  assert.deepEqual(
    [...safe].filter((n) => !messages.has(n)),
    [],
    "nothing is missing",
  );
  const attributes = events.filter((event) => event.type === "StoredAttribute").map((event) => event.id);
  assert.equal(attributes.length, 2 * received.length);
  assert.deepEqual([...(await rows())].sort(), attributes.sort(), "a row for each attribute, and no other");
  const counted = (await gateway.metric("sluice_flow_received_total")).get(`flow="${FLOW}"`);
  assert.equal(counted, received.length, "the counter says what the log says");
  await assertConservation(gateway);
  return { messages, head: events.length };
};
