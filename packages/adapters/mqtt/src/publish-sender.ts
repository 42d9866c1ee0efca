/** Sends on the connection that there is: first what is in flight, then what the queue gives, within the broker's limits. */
import type { OutboundMessage, QueueItem } from "@sluice/domain";
import type { InFlight, InFlightWindow } from "./in-flight-window.ts";
import type { Outgoing, PublishDrain } from "./publish-drain.ts";
import type { Newcomer } from "./publish-intake.ts";
import type { PublishLedger } from "./publish-ledger.ts";
import { aged, brokerFault } from "./publish-limits.ts";
import { encodePublish, encodePubrel } from "./publish-writer.ts";
import type { PublisherConfig } from "./publisher-config.ts";
import type { BrokerLimits } from "./publisher-link.ts";

/** Payloads in flight; with more, the queue waits for acknowledgements. */
const MAXIMUM_WINDOW_BYTES = 32 * 1024 * 1024;
const WRITE_BYTES = 64 * 1024;

/** A connection. */
export interface Line {
  readonly limits: BrokerLimits;
  readonly sessionPresent: boolean;
  /** As `Connection.sendMessages`. */
  send(packets: Buffer): boolean | null;
}

export class PublishSender {
  readonly #config: PublisherConfig;
  readonly #window: InFlightWindow;
  readonly #drain: PublishDrain;
  readonly #ledger: PublishLedger;
  #line: Line | null = null;
  /** Whether the handshakes of before were taken up on it. */
  #begun = false;
  /** It takes no more at the moment. */
  #blocked = false;
  /** Of QoS 0: had left the queue when the connection was found lost. */
  #returned: QueueItem[] = [];

  constructor(config: PublisherConfig, window: InFlightWindow, drain: PublishDrain, ledger: PublishLedger) {
    this.#config = config;
    this.#window = window;
    this.#drain = drain;
    this.#ledger = ledger;
  }

  get line(): Line | null {
    return this.#line;
  }

  set line(line: Line | null) {
    this.#line = line;
    this.#begun = false;
    this.#blocked = false;
  }

  drained(): void {
    this.#blocked = false;
  }

  /** Past everything else: the packets of handshakes under way on the line. */
  release(packets: readonly Buffer[], line: Line | null): void {
    if (packets.length > 0 && this.#begun && line === this.#line) this.#write(packets);
  }

  /** Messages of QoS 0 at the front, if nothing is before them; @returns the others */
  sendDirectly(newcomers: readonly Newcomer[]): readonly Newcomer[] {
    if (!this.#drain.empty || this.#window.hasUnsent || this.#returned.length > 0) return newcomers;
    for (const [index, { item, message, resolve }] of newcomers.entries()) {
      const line = this.#line;
      if (line === null || !this.#begun || this.#blocked) return newcomers.slice(index);
      if (message.qos > 0 || brokerFault(message, line.limits) !== null) return newcomers.slice(index);
      if (!this.#write([this.#publish(message, item.enqueuedAt, line)])) return newcomers.slice(index);
      this.#ledger.sent += 1;
      resolve({ id: item.id, state: "sent", evicted: [], outcome: Promise.resolve({ state: "sent" }) });
    }
    return [];
  }

  /**
   * Rejects when the disk does not take what it must know before the next packet leaves.
   * @param settled the line before which all acknowledgements of earlier lines have been settled
   */
  async sendAll(settled: Line | null): Promise<void> {
    await this.#requeue();
    for (let line = this.#line; line !== null && !this.#blocked; line = this.#line) {
      if (!this.#begun && (line !== settled || !(await this.#begin(line)))) return;
      const { receiveMaximum, protocolVersion } = line.limits;
      const maximum = Math.min(receiveMaximum, this.#config.maximumInFlight(protocolVersion));
      this.#sendUnsent(line, maximum);
      if (this.#window.hasUnsent) return;
      const room = maximum - this.#window.size;
      if (this.#drain.empty || room <= 0 || this.#window.bytes > MAXIMUM_WINDOW_BYTES) return;
      const outgoing = await this.#drain.next(line.limits, room);
      this.#sendBatch(outgoing, line, maximum);
      await this.#requeue();
    }
  }

  /** What the broker has forgotten begins anew. @returns false when the line was lost meanwhile */
  async #begin(line: Line): Promise<boolean> {
    const { inFlight, session, connection } = this.#config;
    if (!line.sessionPresent) {
      const entries = this.#window.all();
      const anew = entries.map(({ stored }) => ({ ...stored, received: false }));
      if (anew.length > 0) await inFlight.add(connection.name, anew);
      for (const entry of entries) entry.received = false;
      await inFlight.saveSession(connection.name, session);
    }
    if (line !== this.#line) return false;
    this.#window.begin(line.sessionPresent);
    this.#begun = true;
    return true;
  }

  #sendUnsent(line: Line, maximum: number): void {
    while (!this.#blocked) {
      const packets: Buffer[] = [];
      let bytes = 0;
      while (bytes < WRITE_BYTES) {
        const entry = this.#window.nextUnsent(maximum);
        if (entry === undefined) break;
        const packet = this.#packetOf(entry, line);
        packets.push(packet);
        bytes += packet.length;
      }
      if (packets.length === 0 || !this.#write(packets)) return;
    }
  }

  /** In their order, whatever their QoS. */
  #sendBatch(outgoing: readonly Outgoing[], line: Line, maximum: number): void {
    const once = outgoing.flatMap((one) => (one.inFlight === null ? [one] : []));
    if (line !== this.#line) {
      this.#returned.push(...once.map(({ item }) => item));
      return;
    }
    const packets = outgoing.flatMap((one) => {
      if (one.inFlight === null) return [this.#publish(one.message, one.item.enqueuedAt, line)];
      const entry = this.#window.nextUnsent(maximum);
      return entry === undefined ? [] : [this.#packetOf(entry, line)];
    });
    if (packets.length > 0 && !this.#write(packets)) {
      this.#returned.push(...once.map(({ item }) => item));
      return;
    }
    this.#ledger.sent += once.length;
    for (const { item } of once) this.#ledger.close(item.id, { state: "sent" });
  }

  async #requeue(): Promise<void> {
    if (this.#returned.length === 0) return;
    this.#drain.refilled();
    await this.#config.queue.commit({ enqueue: this.#returned });
    this.#returned = [];
  }

  #packetOf({ stored, message, received, dup }: InFlight, line: Line): Buffer {
    if (received) return encodePubrel(stored.packetId);
    this.#ledger.sent += 1;
    return this.#publish(message, stored.enqueuedAt, line, stored.packetId, dup);
  }

  #publish(message: OutboundMessage, enqueuedAt: number, line: Line, packetId = 0, dup = false): Buffer {
    // One that is in flight must come to its end; Mosquitto takes an interval of 0 for none.
    const last = { ...message, properties: { ...message.properties, messageExpiryInterval: 1 } };
    const current = aged(message, enqueuedAt, this.#config.clock.now()) ?? last;
    return encodePublish({ message: current, packetId, dup }, line.limits.protocolVersion);
  }

  /** @returns false when the connection is gone */
  #write(packets: readonly Buffer[]): boolean {
    const taken = this.#line?.send(packets.length === 1 ? (packets[0] as Buffer) : Buffer.concat(packets)) ?? null;
    if (taken === false) this.#blocked = true;
    return taken !== null;
  }
}
