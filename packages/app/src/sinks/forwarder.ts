/**
 * Follows the log and keeps the queue of deliveries in step with it; `DeliveryRunner` works the queue off.
 *
 * The log is the truth: an accepted message that owes an endpoint becomes a queue item; the item goes, or is marked
 * dead, only when the event that says so is read back from the log. Queue, counts and cursor change in one transaction,
 * so `dispatched = done + dead + discarded + items waiting or leased` holds at every moment, whatever was killed when.
 */
import type { EventType, RecordedEvent } from "@sluice/contracts";
import {
  type CountDelta,
  deliveryId,
  type OfflineQueue,
  type QueueChanges,
  type QueueItem,
  type ReadPage,
} from "@sluice/domain";
import type { SinkTask } from "./sink.ts";
import { FORWARDER } from "./sink-names.ts";

const TYPES: readonly EventType[] = [
  "MessageReceived",
  "MessageReplayed",
  "EndpointForwarded",
  "DeliveryDeadLettered",
  "DeliveryRetried",
  "DeliveryDiscarded",
];

const DEFAULT_PRIORITY = 5;

/**
 * Where the body of a delivery stands in the log: in its MessageReceived, or in the DeliveryRetried that has edited it
 * last. The queue holds no payloads.
 */
export interface DeliveryReference {
  readonly stream: string;
  readonly version: number;
  readonly flow: string;
  readonly action: string;
  readonly messageId: string;
  readonly messageNumber: number;
}

export const groupOf = (flow: string, action: string): string => `${flow}/${action}`;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const encodeReference = (reference: DeliveryReference): Uint8Array => encoder.encode(JSON.stringify(reference));
export const decodeReference = (payload: Uint8Array): DeliveryReference =>
  JSON.parse(decoder.decode(payload)) as DeliveryReference;

export type DeliveryCount = "dispatched" | "done" | "dead" | "discarded";
export const countKey = (group: string, count: DeliveryCount): string => `${group}/${count}`;

export interface ForwarderDependencies {
  readonly queue: OfflineQueue;
  /** Priority of an action now; undefined when the flow has no such action any more. */
  readonly priorityOf: (flow: string, action: string) => number | undefined;
  /** Called after each page that changed the queue. */
  readonly onChange: () => void;
}

export class Forwarder implements SinkTask {
  readonly name = FORWARDER;
  readonly filter = { types: TYPES };
  readonly #deps: ForwarderDependencies;

  constructor(dependencies: ForwarderDependencies) {
    this.#deps = dependencies;
  }

  cursor(): Promise<string | null> {
    return this.#deps.queue.cursor(FORWARDER);
  }

  async take(page: ReadPage, from: string | null): Promise<void> {
    const enqueue: QueueItem[] = [];
    /** Per delivery only the page's last word counts: dead, retried and dead again is dead. */
    const last = new Map<string, DeliveryEvent>();
    /** But an edit stays, whatever came after it. */
    const amended = new Map<string, Uint8Array>();
    const counts = new Map<string, number>();
    const count = (group: string, what: DeliveryCount, delta: number): void => {
      const key = countKey(group, what);
      counts.set(key, (counts.get(key) ?? 0) + delta);
    };

    for (const event of page.events) {
      if (event.type === "MessageReceived" || event.type === "MessageReplayed") {
        for (const item of this.#itemsOf(event)) {
          enqueue.push(item);
          count(item.group, "dispatched", 1);
        }
        continue;
      }
      // Dead rows of STORE_DB are the projector's.
      if (!isDeliveryEvent(event) || ("attribute" in event.data && event.data.attribute !== undefined)) continue;
      const { flow, action, messageId } = event.data;
      const id = deliveryId({ messageId, flow, action });
      const group = groupOf(flow, action);
      last.set(id, event);
      if (event.type === "DeliveryRetried" && event.data.edit !== undefined) amended.set(id, encodeEdited(event));
      if (event.type === "EndpointForwarded") count(group, "done", 1);
      else if (event.type === "DeliveryDeadLettered") count(group, "dead", 1);
      else count(group, "dead", -1);
      if (event.type === "DeliveryDiscarded") count(group, "discarded", 1);
    }

    const deltas: CountDelta[] = [...counts].map(([key, delta]) => ({ key, delta }));
    await this.#deps.queue.commit({
      cursor: { consumer: FORWARDER, from, to: page.position as string },
      enqueue,
      ...settle(last),
      amend: [...amended].map(([id, payload]) => ({ id, payload })),
      counts: deltas,
    });
    if (deltas.length > 0) this.#deps.onChange();
  }

  *#itemsOf(event: RecordedEvent<"MessageReceived" | "MessageReplayed">): Iterable<QueueItem> {
    const { flow, messageId, messageNumber, owes } = event.data;
    const { stream, version } = event.type === "MessageReplayed" ? event.data.original : event;
    for (const { action, type } of owes) {
      if (type !== "POST_ENDPOINT") continue;
      const reference = { stream, version, flow, action, messageId, messageNumber };
      yield {
        id: deliveryId({ messageId, flow, action }),
        group: groupOf(flow, action),
        priority: this.#deps.priorityOf(flow, action) ?? DEFAULT_PRIORITY,
        payload: encodeReference(reference),
        enqueuedAt: Date.parse(event.recordedAt),
      };
    }
  }
}

const encodeEdited = ({ stream, version, data }: RecordedEvent<"DeliveryRetried">): Uint8Array => {
  const { flow, action, messageId, messageNumber } = data;
  return encodeReference({ stream, version, flow, action, messageId, messageNumber });
};

const settle = (
  last: ReadonlyMap<string, DeliveryEvent>,
): Pick<QueueChanges, "complete" | "deadLetter" | "retry" | "discard"> => {
  const complete: string[] = [];
  const deadLetter: { id: string; reason: string }[] = [];
  const retry: { id: string; at: number }[] = [];
  const discard: string[] = [];
  for (const [id, event] of last) {
    if (event.type === "EndpointForwarded") complete.push(id);
    else if (event.type === "DeliveryDeadLettered") deadLetter.push({ id, reason: event.data.reason });
    else if (event.type === "DeliveryRetried") retry.push({ id, at: Date.parse(event.recordedAt) });
    else discard.push(id);
  }
  return { complete, deadLetter, retry, discard };
};

type DeliveryEvent = RecordedEvent<
  "EndpointForwarded" | "DeliveryDeadLettered" | "DeliveryRetried" | "DeliveryDiscarded"
>;
const isDeliveryEvent = (event: RecordedEvent): event is DeliveryEvent => TYPES.includes(event.type);
