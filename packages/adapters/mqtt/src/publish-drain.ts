/** Takes messages out of the queue: those of QoS 1 and 2 into the store of what is in flight, those of QoS 0 as they are. */
import type { InFlightMessage, LostPublish, OutboundMessage, PublishLoss, QueueItem } from "@sluice/domain";
import type { InFlight, InFlightWindow } from "./in-flight-window.ts";
import type { PublishLedger } from "./publish-ledger.ts";
import { aged, brokerFault } from "./publish-limits.ts";
import { decodeRecord } from "./publish-record.ts";
import type { PublisherConfig } from "./publisher-config.ts";
import type { BrokerLimits } from "./publisher-link.ts";

/** One to be sent, in its turn. */
export type Outgoing =
  | { readonly inFlight: InFlight }
  | { readonly inFlight: null; readonly item: QueueItem; readonly message: OutboundMessage };

interface Batch {
  readonly ids: readonly string[];
  readonly outgoing: readonly Outgoing[];
  readonly lost: readonly LostPublish[];
}

/** Longer than any step between a lease and its end takes; they run in one turn. */
const LEASE_MS = 60_000;
const MAXIMUM_BATCH = 64;

export class PublishDrain {
  readonly #config: PublisherConfig;
  readonly #window: InFlightWindow;
  readonly #ledger: PublishLedger;
  /** One whose way into the store failed half-way is gone on with, under the same packet identifiers. */
  #batch: Batch | null = null;
  /** Whether the queue had nothing more when it was asked last. */
  #empty = false;

  constructor(config: PublisherConfig, window: InFlightWindow, ledger: PublishLedger) {
    this.#config = config;
    this.#window = window;
    this.#ledger = ledger;
  }

  get empty(): boolean {
    return this.#empty && this.#batch === null;
  }

  /** Something was enqueued. */
  refilled(): void {
    this.#empty = false;
  }

  /** @returns at most `room` messages in their order, durably taken over; none when the queue is empty */
  async next(limits: BrokerLimits, room: number): Promise<readonly Outgoing[]> {
    this.#batch ??= await this.#lease(limits, Math.min(room, MAXIMUM_BATCH));
    const { ids, outgoing, lost } = this.#batch;
    const entries = outgoing.flatMap(({ inFlight }) => (inFlight === null ? [] : [inFlight.stored]));
    const { queue, inFlight, connection } = this.#config;
    if (entries.length > 0) await inFlight.add(connection.name, entries);
    // QoS 0 leaves the queue before it is sent: at most once.
    const counts = this.#ledger.countsOf(lost.map(({ loss }) => loss));
    if (ids.length > 0) await queue.commit({ complete: ids, counts });
    this.#batch = null;
    for (const one of lost) this.#ledger.lost(one);
    for (const { inFlight } of outgoing) if (inFlight !== null) this.#window.add(inFlight);
    return outgoing;
  }

  async #lease(limits: BrokerLimits, limit: number): Promise<Batch> {
    const { queue, connection, clock } = this.#config;
    const now = clock.now();
    const options = { group: connection.name, limit, ordered: false, now, until: now + LEASE_MS };
    const items = await queue.lease(options);
    this.#empty = items.length < limit;
    const packetIds = this.#window.packetIds(items.length);
    const outgoing: Outgoing[] = [];
    const lost: LostPublish[] = [];
    for (const [index, item] of items.entries()) {
      const read = readItem(item, limits, now);
      if ("reason" in read) lost.push(read);
      else if (read.qos === 0) outgoing.push({ inFlight: null, item, message: read });
      else outgoing.push({ inFlight: entryOf(item, read, packetIds[index] as number) });
    }
    return { ids: items.map(({ id }) => id), outgoing, lost };
  }
}

const entryOf = (item: QueueItem, message: OutboundMessage, packetId: number): InFlight => {
  const { id, priority, enqueuedAt, payload } = item;
  const stored: InFlightMessage = {
    id,
    packetId,
    qos: message.qos as 1 | 2,
    received: false,
    priority,
    enqueuedAt,
    payload,
  };
  return { stored, message, received: false, dup: false, sent: false };
};

const readItem = (item: QueueItem, limits: BrokerLimits, now: number): OutboundMessage | LostPublish => {
  let message: OutboundMessage;
  try {
    message = decodeRecord(item.payload);
  } catch (error) {
    const nothing = { topic: "", qos: 0, payload: new Uint8Array() } as const;
    return lostOf(item, nothing, "rejected", `not readable in the queue: ${(error as Error).message}`);
  }
  if (aged(message, item.enqueuedAt, now) === null) {
    return lostOf(item, message, "expired", "its message expiry interval was over before it could be sent");
  }
  const fault = brokerFault(message, limits);
  return fault === null ? message : lostOf(item, message, "rejected", fault);
};

export const lostOf = (
  { id, priority }: Pick<QueueItem, "id" | "priority">,
  { topic, qos }: Pick<OutboundMessage, "topic" | "qos">,
  loss: PublishLoss,
  reason: string,
): LostPublish => ({ loss, id, topic, qos, priority, reason });
