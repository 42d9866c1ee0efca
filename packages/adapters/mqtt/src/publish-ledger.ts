/** How each message ends: told to who waits for it, to who watches the publisher, and counted. */
import type { CountDelta, LostPublish, PublishLoss, PublishOutcome } from "@sluice/domain";

const LOSSES: readonly PublishLoss[] = ["refused", "evicted", "rejected", "expired"];

export class PublishLedger {
  readonly #publisher: string;
  readonly #onLost: (lost: LostPublish) => void;
  readonly #waiting = new Map<string, (outcome: PublishOutcome) => void>();
  sent = 0;
  acknowledged = 0;

  constructor(publisher: string, onLost: (lost: LostPublish) => void) {
    this.#publisher = publisher;
    this.#onLost = onLost;
  }

  open(id: string): Promise<PublishOutcome> {
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>();
    this.#waiting.set(id, resolve);
    return promise;
  }

  close(id: string, outcome: PublishOutcome): void {
    if (outcome.state === "acknowledged") this.acknowledged += 1;
    this.#waiting.get(id)?.(outcome);
    this.#waiting.delete(id);
  }

  /** It was never taken. */
  forget(id: string): void {
    this.#waiting.delete(id);
  }

  lost(lost: LostPublish): void {
    this.close(lost.id, { state: lost.loss, reason: lost.reason });
    this.#onLost(lost);
  }

  /** What has no end in this process. */
  suspend(): void {
    for (const id of [...this.#waiting.keys()]) this.close(id, { state: "pending" });
  }

  /** The durable counters that the losses add to. */
  countsOf(losses: readonly PublishLoss[]): readonly CountDelta[] {
    return LOSSES.map((loss) => ({ key: this.#key(loss), delta: losses.filter((one) => one === loss).length })).filter(
      ({ delta }) => delta > 0,
    );
  }

  readCounts(counts: ReadonlyMap<string, number>): Record<PublishLoss, number> {
    const read = (loss: PublishLoss) => counts.get(this.#key(loss)) ?? 0;
    return { refused: read("refused"), evicted: read("evicted"), rejected: read("rejected"), expired: read("expired") };
  }

  #key(loss: PublishLoss): string {
    return `${loss} ${this.#publisher}`;
  }
}
