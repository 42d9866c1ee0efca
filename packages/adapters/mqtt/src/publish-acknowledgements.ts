/** What the broker has answered, brought to disk in the order in which it came, many at a time. */
import type { LostPublish, PublishOutcome } from "@sluice/domain";
import { describeReason } from "./errors.ts";
import type { InFlight, InFlightWindow } from "./in-flight-window.ts";
import type { AcknowledgementType } from "./inbound-stream.ts";
import { lostOf } from "./publish-drain.ts";
import type { PublishLedger } from "./publish-ledger.ts";
import { encodePubrel, PACKET_IDENTIFIER_NOT_FOUND } from "./publish-writer.ts";
import type { PublisherConfig } from "./publisher-config.ts";

interface Acknowledgement {
  readonly type: AcknowledgementType;
  readonly packetId: number;
  readonly reasonCode: number;
}

/** Reason codes from here on say that the message was not taken (MQTT 5, 2.4). */
const REFUSED = 0x80;

export class Acknowledgements {
  readonly #config: PublisherConfig;
  readonly #window: InFlightWindow;
  readonly #ledger: PublishLedger;
  #unsettled: Acknowledgement[] = [];

  constructor(config: PublisherConfig, window: InFlightWindow, ledger: PublishLedger) {
    this.#config = config;
    this.#window = window;
    this.#ledger = ledger;
  }

  push(type: AcknowledgementType, packetId: number, reasonCode: number): void {
    this.#unsettled.push({ type, packetId, reasonCode });
  }

  /**
   * Rejects, and keeps everything for the next call, when the disk does not take it.
   * @returns PUBREL packets that are now owed, if the connection is still the one that the PUBREC packets came by
   */
  async settle(protocolVersion: 4 | 5): Promise<readonly Buffer[]> {
    if (this.#unsettled.length === 0) return [];
    const ended = new Map<InFlight, PublishOutcome>();
    const received: InFlight[] = [];
    const lost: LostPublish[] = [];
    const releases: Buffer[] = [];
    const unsettled = [...this.#unsettled];
    for (const { type, packetId, reasonCode } of unsettled) {
      const entry = this.#window.get(packetId);
      if (entry === undefined) {
        // MQTT 5, 3.6.2.1: the broker holds an identifier that we know nothing of, and should let it go.
        const reason = protocolVersion === 5 ? PACKET_IDENTIFIER_NOT_FOUND : 0;
        if (type === "pubrec" && reasonCode < REFUSED) releases.push(encodePubrel(packetId, reason));
      } else if (!fits(type, entry)) {
        // PUBACK for QoS 2 or the like: as if it had not come.
      } else if (type !== "pubcomp" && reasonCode >= REFUSED) {
        const reason = `the broker does not take it: ${describeReason(reasonCode)}`;
        ended.set(entry, { state: "rejected", reason });
        lost.push(lostOf(entry.stored, entry.message, "rejected", reason));
      } else if (type === "pubrec") {
        received.push(entry);
        releases.push(encodePubrel(packetId));
      } else ended.set(entry, { state: "acknowledged", reasonCode: type === "puback" ? reasonCode : 0 });
    }
    await this.#store([...ended.keys()], received, lost);
    this.#unsettled = this.#unsettled.slice(unsettled.length);
    for (const entry of received) entry.received = true;
    for (const one of lost) this.#ledger.lost(one);
    for (const [entry, outcome] of ended) {
      this.#window.remove(entry);
      this.#ledger.close(entry.stored.id, outcome);
    }
    return releases;
  }

  async #store(ended: readonly InFlight[], received: readonly InFlight[], lost: readonly LostPublish[]): Promise<void> {
    const { inFlight, queue, connection } = this.#config;
    const idsOf = (entries: readonly InFlight[]) => entries.map(({ stored }) => stored.id);
    if (received.length > 0) await inFlight.receive(connection.name, idsOf(received));
    if (ended.length > 0) await inFlight.remove(connection.name, idsOf(ended));
    if (lost.length > 0) await queue.commit({ counts: this.#ledger.countsOf(lost.map(({ loss }) => loss)) });
  }
}

const fits = (type: AcknowledgementType, { stored, received }: InFlight): boolean => {
  if (type === "puback") return stored.qos === 1;
  return stored.qos === 2 && (type === "pubrec" || received);
};
