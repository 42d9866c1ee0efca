/** All replays, folded from the events that tell of them. */
import type {
  EventType,
  ProjectionComparison,
  RebuildResult,
  RecordedEvent,
  ReplayFigures,
  ReplayOrder,
  WhatIfResult,
} from "@sluice/contracts";

export const REPLAY_TYPES: readonly EventType[] = [
  "ReplayRequested",
  "ReplayProgressed",
  "ReplayCompleted",
  "ReplayCancelled",
  "ReplayFailed",
];

export const NO_FIGURES: ReplayFigures = {
  scanned: 0,
  accepted: 0,
  rejected: 0,
  present: 0,
  unmatched: 0,
  cut: 0,
  refused: 0,
};

/** How far one is. */
export interface Progress {
  /** Everything up to here is done, and in the log where it belongs there; null: nothing yet. */
  readonly position: string | null;
  readonly figures: ReplayFigures;
}

export interface ReplayRecord<Order extends ReplayOrder = ReplayOrder> extends Progress {
  readonly id: string;
  readonly order: Order;
  /** `open` until the log says how it ended. */
  readonly state: "open" | "completed" | "cancelled" | "failed";
  readonly requestedAt: string;
  readonly requestedBy: string | null;
  readonly endedAt: string | null;
  readonly reason: string | null;
  readonly whatIf: WhatIfResult | null;
  /** What a rebuild that is open has found. */
  readonly comparison: ProjectionComparison | null;
  readonly rebuild: RebuildResult | null;
}

/** Results of so many are kept, the newest ones; those of older ones are in the log only. */
const RESULTS_KEPT = 100;

export class ReplayBook {
  /** In the order in which they were asked for. */
  readonly #records = new Map<string, ReplayRecord>();
  readonly #open = new Set<string>();
  readonly #results: string[] = [];
  #lastSwitch: string | null = null;
  readonly #listeners = new Set<() => void>();

  get(id: string): ReplayRecord | undefined {
    return this.#records.get(id);
  }

  list(): readonly ReplayRecord[] {
    return [...this.#records.values()];
  }

  /** Those that have not ended, the oldest first. */
  open(): readonly ReplayRecord[] {
    return [...this.#open].flatMap((id) => this.#records.get(id) ?? []);
  }

  /** The rebuild whose switch can be undone: the last one that has switched, unless it was rolled back. */
  lastSwitch(): string | null {
    return this.#lastSwitch;
  }

  /** @returns what takes the listener away */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Taking an event in twice is taking it in once, and what has ended stays as it ended. But one that could not be
   * cancelled any more, since what it was about was being done, has completed.
   */
  take(events: readonly Pick<RecordedEvent, "type" | "data" | "metadata" | "recordedAt">[]): void {
    for (const event of events) this.#take(event as RecordedEvent);
    if (events.length > 0) for (const listener of this.#listeners) listener();
  }

  #take(event: RecordedEvent): void {
    if (event.type === "ReplayRequested") {
      const { replay: id, order } = event.data;
      if (this.#records.has(id)) return;
      this.#open.add(id);
      this.#records.set(id, {
        ...{ id, order, state: "open", requestedAt: event.recordedAt, requestedBy: event.metadata.actor ?? null },
        ...{ endedAt: null, position: null, figures: NO_FIGURES, reason: null },
        ...{ whatIf: null, comparison: null, rebuild: null },
      });
      return;
    }
    if (!("replay" in event.data)) return;
    const record = this.#records.get(event.data.replay ?? "");
    if (record === undefined) return;
    const cameTooLate = record.state === "cancelled" && event.type === "ReplayCompleted";
    if (record.state !== "open" && !cameTooLate) return;
    const changed = { ...record, ...changeOf(event) };
    this.#records.set(record.id, changed);
    if (changed.state !== "open") this.#open.delete(record.id);
    if (event.type !== "ReplayCompleted") return;
    this.#noteSwitch(changed);
    if (event.data.whatIf === undefined && event.data.rebuild === undefined) return;
    this.#results.push(record.id);
    const oldest = this.#results.length > RESULTS_KEPT ? this.#records.get(this.#results.shift() as string) : undefined;
    if (oldest !== undefined) this.#records.set(oldest.id, { ...oldest, whatIf: null, rebuild: null });
  }

  #noteSwitch({ id, order, rebuild }: ReplayRecord): void {
    if (order.kind === "rollback" && order.rollbackOf === this.#lastSwitch) this.#lastSwitch = null;
    else if (rebuild?.switchedOver) this.#lastSwitch = id;
  }
}

const changeOf = (event: RecordedEvent): Partial<ReplayRecord> => {
  const endedAt = event.recordedAt;
  switch (event.type) {
    case "ReplayProgressed":
      return {
        position: event.data.position,
        figures: event.data.figures,
        ...(event.data.comparison === undefined ? {} : { comparison: event.data.comparison }),
      };
    case "ReplayCompleted": {
      const { figures, whatIf = null, rebuild = null } = event.data;
      return { state: "completed", endedAt, figures, whatIf, comparison: null, rebuild };
    }
    case "ReplayCancelled":
      return { state: "cancelled", endedAt };
    case "ReplayFailed":
      return { state: "failed", endedAt, reason: event.data.reason };
    default:
      return {};
  }
};
