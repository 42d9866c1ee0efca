/** A replay that writes: its candidates go through the ingest pipeline, at no more than the speed that it may have. */
import type { MessageReplayOrder, ReplayFigures } from "@sluice/contracts";
import type { EventStore } from "@sluice/domain";
import type { ReplayItem, ReplayOutcome } from "../ingest/decide-replay.ts";
import type { IngestPipeline } from "../ingest/ingest-pipeline.ts";
import { candidatesOf, ReplayImpossible } from "./candidates.ts";
import { Pace } from "./pace.ts";
import type { Progress, ReplayRecord } from "./replay-book.ts";

export interface DriveOptions {
  readonly store: EventStore;
  readonly pipeline: Pick<IngestPipeline, "replay">;
  readonly record: ReplayRecord<MessageReplayOrder>;
  readonly signal: AbortSignal;
  /** After each page, and with the page's first position after each batch. */
  readonly onProgress: (progress: Progress) => Promise<void>;
}

/** Messages of one append: a tenth of a second's worth, so that the speed is even. */
const BATCH = { most: 200, parts: 10 };

/** @returns the figures at the end. @throws ReplayImpossible, EventStoreUnavailable; the signal's reason */
export const drive = async ({ store, pipeline, record, signal, onProgress }: DriveOptions): Promise<ReplayFigures> => {
  const { id, order } = record;
  let { position } = record;
  const figures = { ...record.figures };
  const candidates = candidatesOf({ store, id, order });
  const pace = new Pace(order.messagesPerSecond, signal);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  for await (const page of candidates.pages(position)) {
    signal.throwIfAborted();
    figures.accepted += page.done.accepted;
    figures.rejected += page.done.rejected;
    figures.present += page.present;
    figures.scanned += page.done.accepted + page.done.rejected + page.present;
    for (const items of batches(page.items, order.messagesPerSecond)) {
      await pace.wait(items.length);
      const outcomes = await Promise.race([pipeline.replay(id, candidates.mode, items), aborted]);
      for (const outcome of outcomes) count(figures, outcome);
      await onProgress({ position, figures: { ...figures } });
    }
    ({ position } = page);
    await onProgress({ position, figures: { ...figures } });
  }
  return figures;
};

const count = (figures: { -readonly [K in keyof ReplayFigures]: ReplayFigures[K] }, outcome: ReplayOutcome): void => {
  if (outcome === "gone") {
    throw new ReplayImpossible("the flow is not enabled any more, or has no such action");
  }
  figures.scanned += 1;
  figures[outcome] += 1;
};

function* batches(items: readonly ReplayItem[], perSecond: number): Generator<readonly ReplayItem[]> {
  const size = Math.min(Math.max(1, Math.floor(perSecond / BATCH.parts)), BATCH.most);
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
