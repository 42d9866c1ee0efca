/**
 * What aedes keeps in memory, made finite. Its own store grows with every message for a subscriber that never comes
 * back, every retained topic and every half-done QoS 2 handshake.
 */
import type { PublishPacket } from "aedes";

interface Named {
  readonly id: string;
}

/** The part of aedes-persistence that is used here. */
export interface BrokerPersistence {
  storeRetained(packet: PublishPacket): Promise<void>;
  createRetainedStreamCombi(filters: readonly string[]): AsyncIterable<PublishPacket>;
  outgoingEnqueueCombi(subscribers: readonly { readonly clientId: string }[], packet: PublishPacket): Promise<void>;
  outgoingClearMessageId(client: Named, packet: { readonly messageId?: number }): Promise<unknown>;
  incomingStorePacket(client: Named, packet: PublishPacket): Promise<void>;
  incomingDelPacket(client: Named, packet: { readonly messageId?: number }): Promise<void>;
  cleanIncoming(client: Named): Promise<void>;
}

export interface PersistenceLimits {
  readonly maximumQueuedMessages: number;
  readonly maximumRetainedTopics: number;
}

export interface PersistenceCounters {
  /** Messages not kept for subscribers that were away, or not retained. */
  dropped: number;
}

const NOTHING = Buffer.alloc(0);

/** Changes the store in place; returns what it had to drop so far. */
export const boundPersistence = (store: BrokerPersistence, limits: PersistenceLimits): PersistenceCounters => {
  const counters: PersistenceCounters = { dropped: 0 };
  const queued = new Map<string, number>();
  const retained = new Set<string>();
  const original = {
    storeRetained: store.storeRetained.bind(store),
    outgoingEnqueueCombi: store.outgoingEnqueueCombi.bind(store),
    outgoingClearMessageId: store.outgoingClearMessageId.bind(store),
    incomingStorePacket: store.incomingStorePacket.bind(store),
  };

  store.storeRetained = async (packet) => {
    if (packet.payload.length === 0) retained.delete(packet.topic);
    else if (!retained.has(packet.topic) && retained.size >= limits.maximumRetainedTopics) {
      counters.dropped += 1;
      return;
    } else retained.add(packet.topic);
    await original.storeRetained(packet);
  };

  store.outgoingEnqueueCombi = async (subscribers, packet) => {
    const taking = subscribers.filter(({ clientId }) => (queued.get(clientId) ?? 0) < limits.maximumQueuedMessages);
    counters.dropped += subscribers.length - taking.length;
    for (const { clientId } of taking) queued.set(clientId, (queued.get(clientId) ?? 0) + 1);
    await original.outgoingEnqueueCombi(taking, packet);
  };

  store.outgoingClearMessageId = async (client, packet) => {
    const cleared = await original.outgoingClearMessageId(client, packet);
    if (cleared !== undefined) {
      const left = (queued.get(client.id) ?? 1) - 1;
      if (left > 0) queued.set(client.id, left);
      else queued.delete(client.id);
    }
    return cleared;
  };

  // Of a QoS 2 message only the identifier is needed, to recognise it until its PUBREL.
  store.incomingStorePacket = (client, packet) => original.incomingStorePacket(client, { ...packet, payload: NOTHING });

  return counters;
};
