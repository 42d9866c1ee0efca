/**
 * The messages of QoS 1 and 2 between PUBLISH and PUBACK or PUBCOMP, in the order of sending, and what of them is still
 * to be sent on this connection.
 */
import type { InFlightMessage, OutboundMessage } from "@sluice/domain";

export interface InFlight {
  readonly stored: InFlightMessage;
  readonly message: OutboundMessage;
  received: boolean;
  /** Whether an earlier connection may have carried it. */
  dup: boolean;
  /** Whether this connection has carried its PUBLISH or PUBREL. */
  sent: boolean;
}

const MAXIMUM_PACKET_ID = 65_535;

export class InFlightWindow {
  readonly #entries = new Map<number, InFlight>();
  /** Not sent on this connection yet; oldest first. */
  #unsent: InFlight[] = [];
  /** PUBLISH packets of this connection without an answer, which is what the broker's bound is about [MQTT-3.3.4-9]. */
  #unanswered = 0;
  #bytes = 0;
  #lastPacketId = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Of payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  get(packetId: number): InFlight | undefined {
    return this.#entries.get(packetId);
  }

  all(): readonly InFlight[] {
    return [...this.#entries.values()];
  }

  /** @returns as many as are asked for, different from each other and from all in flight */
  packetIds(count: number): number[] {
    const ids: number[] = [];
    while (ids.length < count) {
      this.#lastPacketId = (this.#lastPacketId % MAXIMUM_PACKET_ID) + 1;
      if (!this.#entries.has(this.#lastPacketId)) ids.push(this.#lastPacketId);
    }
    return ids;
  }

  /** To be sent after all that is here. */
  add(entry: InFlight): void {
    this.#entries.set(entry.stored.packetId, entry);
    this.#bytes += entry.message.payload.length;
    this.#unsent.push(entry);
  }

  remove(entry: InFlight): void {
    if (!this.#entries.delete(entry.stored.packetId)) return;
    this.#bytes -= entry.message.payload.length;
    if (entry.sent) this.#unanswered -= 1;
    else this.#unsent = this.#unsent.filter((one) => one !== entry);
  }

  /**
   * A new connection: everything is to be sent, the oldest first.
   * @param sessionPresent whether the broker may know of what was sent before [MQTT-3.3.1-1]
   */
  begin(sessionPresent: boolean): void {
    this.#unanswered = 0;
    for (const entry of this.#entries.values()) {
      entry.dup = sessionPresent && (entry.dup || entry.sent);
      entry.sent = false;
    }
    this.#unsent = [...this.#entries.values()];
  }

  /** The next to be sent while fewer than `maximum` are unanswered; a PUBREL is not bound by that. */
  nextUnsent(maximum: number): InFlight | undefined {
    const [entry] = this.#unsent;
    if (entry === undefined || (!entry.received && this.#unanswered >= maximum)) return undefined;
    this.#unsent.shift();
    this.#unanswered += 1;
    entry.sent = true;
    return entry;
  }
}
