/**
 * QoS 2 messages of clients that were received and not released by PUBREL [MQTT-4.3.3-2]. aedes has such a list too,
 * but adds to it only after the publish was let through, which is when the message is durable; a client that sends
 * again before that must be recognised as well.
 */
import type { BrokerPersistence } from "./persistence.ts";

export class ReceivedQos2 {
  readonly #byClient = new Map<string, Set<number>>();

  /** Forgets what aedes forgets. */
  follow(store: BrokerPersistence): void {
    const release = store.incomingDelPacket.bind(store);
    const clean = store.cleanIncoming.bind(store);
    store.incomingDelPacket = (client, packet) => {
      const identifiers = this.#byClient.get(client.id);
      if (identifiers?.delete(packet.messageId ?? 0) && identifiers.size === 0) this.#byClient.delete(client.id);
      return release(client, packet);
    };
    store.cleanIncoming = (client) => {
      this.#byClient.delete(client.id);
      return clean(client);
    };
  }

  /** Whether it is the first time. */
  add(clientId: string, messageId: number): boolean {
    const identifiers = this.#byClient.get(clientId) ?? new Set();
    this.#byClient.set(clientId, identifiers);
    if (identifiers.has(messageId)) return false;
    identifiers.add(messageId);
    return true;
  }
}
