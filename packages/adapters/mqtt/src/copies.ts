/**
 * Recognises that a broker sends one message several times because several of our filters match it.
 *
 * MQTT 5 lets a broker send a copy for each matching subscription, as Mosquitto and EMQX do, or one for all
 * [MQTT-3.3.4-2]. Every subscription of ours has an identifier of its own, which its copies carry. So of two equal
 * messages in a row the second is a copy if it is for other subscriptions than the first, and a message of its own if
 * it is for the same. What cannot be recognised is yielded: copies of different QoS between which others came, and any
 * copy under MQTT 3.1.1, where Mosquitto sends one and some brokers several.
 */
import type { PublishPacket } from "./publish-packet.ts";

/** Copies come one right after the other. */
const TOGETHER_MS = 1_000;

export class Copies {
  #first: PublishPacket | null = null;
  #readAt = 0;
  /** Subscriptions that copies of the message were for. */
  #identifiers: number[] = [];

  /** To be asked of every message in receive order. */
  isCopy(packet: PublishPacket, readAt: number): boolean {
    const { subscriptionIdentifiers } = packet;
    if (
      this.#first !== null &&
      subscriptionIdentifiers.length > 0 &&
      this.#identifiers.length > 0 &&
      !subscriptionIdentifiers.some((identifier) => this.#identifiers.includes(identifier)) &&
      readAt - this.#readAt < TOGETHER_MS &&
      same(this.#first, packet)
    ) {
      this.#identifiers.push(...subscriptionIdentifiers);
      return true;
    }
    this.#first = packet;
    this.#readAt = readAt;
    this.#identifiers = [...subscriptionIdentifiers];
    return false;
  }

  /** On a new connection, and when the subscriptions have changed: what comes is compared with nothing before. */
  reset(): void {
    this.#first = null;
  }
}

const same = (one: PublishPacket, other: PublishPacket): boolean =>
  one.topic === other.topic &&
  one.retain === other.retain &&
  one.payloadLength === other.payloadLength &&
  one.payload.equals(other.payload) &&
  propertiesText(one) === propertiesText(other);

/** Without the time left to live, which goes down while a message waits. */
const propertiesText = ({ properties }: PublishPacket): string =>
  properties === undefined ? "" : JSON.stringify({ ...properties, messageExpiryInterval: undefined });
