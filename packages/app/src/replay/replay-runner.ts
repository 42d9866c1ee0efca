/**
 * Does the replays that the log says were asked for, one after another; what-ifs, which write nothing, beside the others.
 * Of several gateways on one log the holder of a lease does them all. How far one is, and how it ended, is in the log, so
 * that after a crash it goes on; and what it writes has ids that make doing it again harmless.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventData, NewEvent, ReplayFigures } from "@sluice/contracts";
import { type Clock, type EventStore, EventStoreUnavailable, replayStream, type SinkLease } from "@sluice/domain";
import type { Logger } from "pino";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import type { IngestPipeline } from "../ingest/ingest-pipeline.ts";
import { whileHeld } from "../sinks/lease.ts";
import { derivedId } from "../system/ids.ts";
import { ReplayImpossible } from "./candidates.ts";
import { drive, type Progress } from "./drive.ts";
import { REPLAY_TYPES, type ReplayBook, type ReplayRecord } from "./replay-book.ts";
import { Speed } from "./speed.ts";
import type { RunWhatIf } from "./what-if-thread.ts";

export const REPLAYS = "replays";

export interface ReplayRunnerDependencies {
  readonly store: EventStore;
  readonly pipeline: Pick<IngestPipeline, "replay">;
  readonly registry: FlowRegistry;
  readonly book: ReplayBook;
  readonly lease: SinkLease;
  readonly clock: Clock;
  readonly log: Logger;
  readonly whatIf: RunWhatIf;
  /** Milliseconds between two records of how far one is; a shorter repetition after a crash against a longer log. */
  readonly progressMs?: number;
}

/** What only the gateway that is at work knows. */
export interface LiveProgress extends Progress {
  /** Messages a second. */
  readonly speed: number;
}

const RETRY_MS = 1_000;
const PROGRESS_MS = 5_000;

type ReplayEventType = "ReplayProgressed" | "ReplayCompleted" | "ReplayFailed";

export class ReplayRunner {
  readonly #deps: ReplayRunnerDependencies;
  readonly #stopping = new AbortController();
  readonly #live = new Map<string, LiveProgress>();
  #cursor: string | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #changed = Promise.withResolvers<void>();

  constructor(dependencies: ReplayRunnerDependencies) {
    this.#deps = dependencies;
    dependencies.book.onChange(() => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  start(): void {
    const { signal } = this.#stopping;
    const { lease, log } = this.#deps;
    const working = whileHeld(lease, REPLAYS, signal, log, async (held) => {
      await this.#catchUp(held);
      await Promise.all([
        this.#work(held, ({ order }) => order.kind === "what-if"),
        this.#work(held, ({ order }) => order.kind !== "what-if"),
      ]);
    });
    this.#running = Promise.all([this.#follow(signal), working]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the gateway stops"));
    await this.#running;
  }

  /** Null where this gateway is not at work on it. */
  live(id: string): LiveProgress | null {
    return this.#live.get(id) ?? null;
  }

  /** Keeps the book current. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { store, book, log } = this.#deps;
    while (!signal.aborted) {
      try {
        const after = this.#cursor;
        const pages = store.subscribe({
          filter: { types: REPLAY_TYPES },
          signal,
          ...(after === null ? {} : { after }),
        });
        for await (const page of pages) {
          book.take(page.events);
          if (page.position !== null) this.#cursor = page.position;
        }
      } catch (error) {
        log.debug({ err: error }, "replays cannot be followed; trying again");
      }
      if (!signal.aborted) await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** What the holder before this one has done must be known. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const { store, book, log } = this.#deps;
    let after: string | null = null;
    while (!signal.aborted) {
      try {
        const filter = { types: REPLAY_TYPES };
        const page = await store.readAll({ filter, limit: 1_000, ...(after === null ? {} : { after }) });
        book.take(page.events);
        if (page.atEnd || page.position === null) return;
        after = page.position;
      } catch (error) {
        log.debug({ err: error }, "replays cannot be read; trying again");
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #work(signal: AbortSignal, isMine: (record: ReplayRecord) => boolean): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      const next = this.#deps.book.open().find(isMine);
      if (next === undefined) await Promise.race([changed, ended]);
      else if (!(await this.#run(next, signal))) await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** @returns false when it is to be tried again later */
  async #run(record: ReplayRecord, signal: AbortSignal): Promise<boolean> {
    const { book, log, clock } = this.#deps;
    const { id, order } = record;
    const cancelling = new AbortController();
    const unsubscribe = book.onChange(() => {
      if (book.get(id)?.state !== "open") cancelling.abort(new Error("the replay was cancelled"));
    });
    const stop = AbortSignal.any([signal, cancelling.signal]);
    const said = log.child({ replay: id, kind: order.kind, flow: order.flow });
    said.info({ from: record.position }, "replay begins");
    const speed = new Speed(clock);
    const note = (progress: Progress): void => {
      speed.note(progress.figures.scanned);
      this.#live.set(id, { ...progress, speed: speed.perSecond });
    };
    note(record);
    try {
      const figures =
        order.kind === "what-if" ? await this.#tryOut(record, note, stop) : await this.#drive(record, note, stop);
      said.info({ ...figures }, "replay completed");
    } catch (error) {
      if (stop.aborted) {
        said.info("replay stops");
        return true;
      }
      if (error instanceof EventStoreUnavailable) {
        said.warn({ err: error }, "replay waits for the event log");
        return false;
      }
      const reason = error instanceof Error ? error.message : String(error);
      said.error({ err: error }, "replay failed");
      const expected = error instanceof ReplayImpossible;
      await this.#end(id, "ReplayFailed", { replay: id, reason: expected ? reason : `unexpected: ${reason}` }, stop);
    } finally {
      unsubscribe();
      this.#live.delete(id);
    }
    return true;
  }

  async #drive(record: ReplayRecord, note: (progress: Progress) => void, stop: AbortSignal): Promise<ReplayFigures> {
    const { store, pipeline, clock, progressMs = PROGRESS_MS } = this.#deps;
    const { id } = record;
    let { position } = record;
    let saidAt = clock.now();
    const figures = await drive({
      ...{ store, pipeline, record, signal: stop },
      onProgress: async (progress) => {
        note(progress);
        // Within a page the place has not moved; what was done there is found again by its ids.
        if (progress.position === null || progress.position === position) return;
        if (clock.now() - saidAt < progressMs) return;
        position = progress.position;
        saidAt = clock.now();
        await this.#say(id, "ReplayProgressed", { replay: id, position, figures: progress.figures });
      },
    });
    await this.#end(id, "ReplayCompleted", { replay: id, figures }, stop);
    return figures;
  }

  async #tryOut(record: ReplayRecord, note: (progress: Progress) => void, stop: AbortSignal): Promise<ReplayFigures> {
    const { registry, whatIf } = this.#deps;
    const { id, order } = record;
    const present = registry.get(order.flow)?.definition ?? null;
    const { figures, whatIf: result } = await whatIf({ order, present }, note, stop);
    await this.#end(id, "ReplayCompleted", { replay: id, figures, whatIf: result }, stop);
    return figures;
  }

  /** Until the log has it. */
  async #end<T extends ReplayEventType>(id: string, type: T, data: EventData<T>, stop: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#say(id, type, data);
      } catch (error) {
        stop.throwIfAborted();
        if (!(error instanceof EventStoreUnavailable)) throw error;
        await delay(RETRY_MS, undefined, { signal: stop });
      }
    }
  }

  async #say<T extends ReplayEventType>(id: string, type: T, data: EventData<T>): Promise<void> {
    const { store, book } = this.#deps;
    const place = "position" in data ? data.position : "";
    const event = {
      id: derivedId(`replay/${id}/${type}/${place}`),
      type,
      schemaVersion: 1,
      data,
      metadata: { actor: "gateway" },
    } as NewEvent;
    const { recordedAt } = await store.append([{ stream: replayStream(id), expected: "any", events: [event] }]);
    book.take([{ ...event, recordedAt }]);
  }
}
