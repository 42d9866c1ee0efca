/** New messages on their way to the disk: all that came in one turn are one transaction. */
import {
  type LostPublish,
  type OutboundMessage,
  PublisherUnavailable,
  type PublishOutcome,
  type PublishReceipt,
  type QueueItem,
} from "@sluice/domain";
import { describeError } from "./errors.ts";
import { lostOf } from "./publish-drain.ts";
import type { PublishLedger } from "./publish-ledger.ts";
import { decodeRecord } from "./publish-record.ts";
import type { PublisherConfig } from "./publisher-config.ts";

export interface Newcomer {
  readonly item: QueueItem;
  readonly message: OutboundMessage;
  readonly resolve: (receipt: PublishReceipt) => void;
  readonly reject: (error: Error) => void;
}

const FULL = "the queue is full, and holds nothing of a lower priority";
const EVICTED = "the queue was full, and it went for one of a higher priority";

export class PublishIntake {
  readonly #config: PublisherConfig;
  readonly #ledger: PublishLedger;

  constructor(config: PublisherConfig, ledger: PublishLedger) {
    this.#config = config;
    this.#ledger = ledger;
  }

  /** Answers every one of them; @returns whether the queue has them, or at least those for which there was room */
  async enqueue(newcomers: readonly Newcomer[]): Promise<boolean> {
    if (newcomers.length === 0) return true;
    const { queue, connection } = this.#config;
    const outcomes = new Map(newcomers.map(({ item }) => [item.id, this.#ledger.open(item.id)]));
    try {
      const commit = await queue.commit({ enqueue: newcomers.map(({ item }) => item) });
      const evicted = commit.evicted.map((item) => lostOf(item, headerOf(item), "evicted", EVICTED));
      const refusedIds = new Set(commit.refused);
      const refused = newcomers
        .filter(({ item }) => refusedIds.has(item.id))
        .map(({ item, message }) => lostOf(item, message, "refused", FULL));
      await this.#note([...refused, ...evicted]);
      const evictedIds = commit.evicted.map(({ id }) => id);
      for (const { item, resolve } of newcomers) {
        const outcome = outcomes.get(item.id) as Promise<PublishOutcome>;
        if (refusedIds.has(item.id)) resolve({ id: item.id, state: "refused", reason: FULL, evicted: [], outcome });
        else resolve({ id: item.id, state: "queued", evicted: evictedIds, outcome });
      }
      return true;
    } catch (error) {
      const reason = describeError(error, connection.password);
      for (const { item, reject } of newcomers) {
        this.#ledger.forget(item.id);
        reject(new PublisherUnavailable(`the message could not be stored: ${reason}`, { cause: error }));
      }
      return false;
    }
  }

  async #note(lost: readonly LostPublish[]): Promise<void> {
    if (lost.length === 0) return;
    for (const one of lost) this.#ledger.lost(one);
    // The messages are stored or refused by now; a count that cannot be written must not make that an error.
    await this.#config.queue.commit({ counts: this.#ledger.countsOf(lost.map(({ loss }) => loss)) }).catch(() => {});
  }
}

const headerOf = (item: QueueItem): Pick<OutboundMessage, "topic" | "qos"> => {
  try {
    return decodeRecord(item.payload);
  } catch {
    return { topic: "", qos: 0 };
  }
};
