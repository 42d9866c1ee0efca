/**
 * Does the replays that the log says were asked for: those of one lane one after another, the lanes beside each other. Of
 * several gateways on one log the holder of a lease does them. How far one is, and how it ended, is in the log, so that
 * after a crash it goes on; and what it does, it can do again without harm.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventData, NewEvent, ProjectionComparison, ReplayKind, ReplayOrderOf } from "@sluice/contracts";
import {
  type Clock,
  CursorMoved,
  type EventStore,
  EventStoreUnavailable,
  ProjectionUnavailable,
  RebuildImpossible,
  replayStream,
  type SinkLease,
} from "@sluice/domain";
import type { Logger } from "pino";
import { whileHeld } from "../sinks/lease.ts";
import { derivedId } from "../system/ids.ts";
import { ReplayImpossible } from "./candidates.ts";
import { type Progress, REPLAY_TYPES, type ReplayBook, type ReplayRecord } from "./replay-book.ts";
import { Speed } from "./speed.ts";

export const REPLAYS = "replays";

/** What the log is told of one on its way. */
export interface ReplayProgress extends Progress {
  /** To be in the log before it goes on. */
  readonly atOnce?: true;
  readonly comparison?: ProjectionComparison;
}
export type ReplayEnd = Omit<EventData<"ReplayCompleted">, "replay">;

/** How one kind of replay is done. */
export interface ReplayJob<K extends ReplayKind = ReplayKind> {
  /** Whether it goes on where it was, after a restart: only then is it recorded how far it is. */
  readonly resumes: boolean;
  /**
   * @throws ReplayImpossible, RebuildImpossible: it has failed. EventStoreUnavailable, ProjectionUnavailable, CursorMoved:
   * it is begun again later. The signal's reason.
   */
  run(
    record: ReplayRecord<ReplayOrderOf<K>>,
    onProgress: (progress: ReplayProgress) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ReplayEnd>;
}

export interface ReplayLane {
  readonly jobs: { readonly [K in ReplayKind]?: ReplayJob<K> };
  /** What was done and, since it was cancelled and killed at that moment, not said. */
  unsaid?(book: ReplayBook): Promise<{ readonly id: string; readonly end: ReplayEnd } | null>;
  /** Whenever it has done all that it has to do, also right at the start: clears away what ended ones have left. */
  idle?(): Promise<void>;
}

export interface ReplayRunnerDependencies {
  readonly store: EventStore;
  readonly book: ReplayBook;
  readonly lease: SinkLease;
  readonly lanes: readonly ReplayLane[];
  readonly clock: Clock;
  readonly log: Logger;
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
      await Promise.all(this.#deps.lanes.map((lane) => this.#work(held, lane)));
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

  /** All that this gateway is at work on, by their ids. */
  liveAll(): ReadonlyMap<string, LiveProgress> {
    return new Map(this.#live);
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

  async #work(signal: AbortSignal, lane: ReplayLane): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    let cleared = false;
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      const next = this.#deps.book.open().find(({ order }) => order.kind in lane.jobs);
      if (next === undefined) {
        if (!cleared) await this.#clear(lane, signal);
        cleared = true;
        await Promise.race([changed, ended]);
        continue;
      }
      cleared = false;
      if (!(await this.#run(next, lane.jobs[next.order.kind] as ReplayJob, signal))) {
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** What is left lies idle; the next time will do. */
  async #clear(lane: ReplayLane, signal: AbortSignal): Promise<void> {
    try {
      const unsaid = await lane.unsaid?.(this.#deps.book);
      if (unsaid) await this.#end(unsaid.id, "ReplayCompleted", { replay: unsaid.id, ...unsaid.end }, signal);
      await lane.idle?.();
    } catch (error) {
      this.#deps.log.warn({ err: error }, "what a replay has left could not be cleared away");
    }
  }

  /** @returns false when it is to be tried again later */
  async #run(record: ReplayRecord, job: ReplayJob, signal: AbortSignal): Promise<boolean> {
    const { book, log } = this.#deps;
    const { id, order } = record;
    const cancelling = new AbortController();
    const unsubscribe = book.onChange(() => {
      if (book.get(id)?.state !== "open") cancelling.abort(new Error("the replay was cancelled"));
    });
    const stop = AbortSignal.any([signal, cancelling.signal]);
    const said = log.child({ replay: id, kind: order.kind, ...("flow" in order ? { flow: order.flow } : {}) });
    said.info({ from: record.position }, "replay begins");
    try {
      const end = await job.run(record as ReplayRecord<never>, this.#progressOf(record, job.resumes), stop);
      await this.#end(id, "ReplayCompleted", { replay: id, ...end }, stop);
      said.info({ ...end.figures }, "replay completed");
    } catch (error) {
      if (stop.aborted) {
        said.info("replay stops");
        return true;
      }
      if (mayPass(error)) {
        said.warn({ err: error }, "replay waits");
        return false;
      }
      const reason = error instanceof Error ? error.message : String(error);
      said.error({ err: error }, "replay failed");
      const expected = error instanceof ReplayImpossible || error instanceof RebuildImpossible;
      const data = { replay: id, reason: expected ? reason : `unexpected: ${reason}` };
      return await this.#end(id, "ReplayFailed", data, stop).then(
        () => true,
        (unsaid: unknown) => {
          said.warn({ err: unsaid }, "it could not be recorded that a replay has failed");
          return stop.aborted;
        },
      );
    } finally {
      unsubscribe();
      this.#live.delete(id);
    }
    return true;
  }

  #progressOf(record: ReplayRecord, recorded: boolean): (progress: ReplayProgress) => Promise<void> {
    const { clock, progressMs = PROGRESS_MS } = this.#deps;
    const { id } = record;
    let { position } = record;
    let saidAt = clock.now();
    const speed = new Speed(clock);
    const note = ({ position: at, figures }: Progress): void => {
      speed.note(figures.scanned);
      this.#live.set(id, { position: at, figures, speed: speed.perSecond });
    };
    note(record);
    return async (progress) => {
      note(progress);
      const { figures, comparison, atOnce = false } = progress;
      if (!recorded || progress.position === null) return;
      // Within a page the place has not moved; what was done there is found again by its ids.
      const isSoon = progress.position === position || clock.now() - saidAt < progressMs;
      if (isSoon && !atOnce) return;
      position = progress.position;
      saidAt = clock.now();
      const found = comparison === undefined ? {} : { comparison };
      await this.#say(id, "ReplayProgressed", { replay: id, position, figures, ...found });
    };
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
    const place = "position" in data ? `${data.position}${data.comparison === undefined ? "" : "/compared"}` : "";
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

const mayPass = (error: unknown): boolean =>
  error instanceof EventStoreUnavailable || error instanceof ProjectionUnavailable || error instanceof CursorMoved;
