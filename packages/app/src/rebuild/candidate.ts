/** The candidate on its way through the log: the same events make the same batches as those of the live projection. */
import { setImmediate } from "node:timers/promises";
import type { RecordedEvent } from "@sluice/contracts";
import type { EventStore, FlowRow, ProjectionStore, SinkCounts } from "@sluice/domain";
import { readWindow } from "../replay/log-window.ts";
import type { Pace } from "../replay/pace.ts";
import { batchOf, PROJECTED_TYPES } from "../sinks/projector.ts";
import { PROJECTOR } from "../sinks/sink-names.ts";

const PAGE = 2_000;

export interface CandidateDependencies {
  readonly store: EventStore;
  readonly candidate: ProjectionStore;
  readonly flows: Iterable<FlowRow>;
  /** Of the log, up to which `messages` has counted. */
  readonly counted: string | null;
  readonly messages: number;
}

export interface AdvanceOptions {
  /** Absent: as fast as it can. */
  readonly pace?: Pace;
  readonly onPage?: () => Promise<void>;
}

export class Candidate {
  readonly #deps: CandidateDependencies;
  readonly #flowRows: Map<string, FlowRow>;
  #cursor: string | null = null;
  #counted: string | null;
  #messages: number;

  constructor(dependencies: CandidateDependencies) {
    this.#deps = dependencies;
    this.#flowRows = new Map([...dependencies.flows].map((row) => [row.code, row]));
    this.#counted = dependencies.counted;
    this.#messages = dependencies.messages;
  }

  /** Reads its place: to be called first. */
  async start(signal: AbortSignal): Promise<void> {
    const { store, candidate } = this.#deps;
    this.#cursor = await candidate.cursor(PROJECTOR);
    if (this.#cursor === null) {
      this.#counted = null;
      this.#messages = 0;
      return;
    }
    if (this.#counted !== null && store.compare(this.#counted, this.#cursor) > 0) return;
    // It came further than the log says.
    for await (const page of this.#pages(this.#counted, this.#cursor)) {
      signal.throwIfAborted();
      this.#count(page.events);
    }
    this.#counted = this.#cursor;
  }

  get cursor(): string | null {
    return this.#cursor;
  }

  counts(): Promise<readonly SinkCounts[]> {
    return this.#deps.candidate.counts();
  }

  /** That it has taken in. */
  get messages(): number {
    return this.#messages;
  }

  /** Exactly to the position, which is not before its own. @throws EventStoreUnavailable, ProjectionUnavailable */
  async advance(to: string, signal: AbortSignal, { pace, onPage }: AdvanceOptions = {}): Promise<void> {
    for await (const page of this.#pages(this.#cursor, to, pace?.perSecond)) {
      signal.throwIfAborted();
      if (page.position !== this.#cursor) {
        await pace?.wait(page.events.filter(isMessage).length);
        await this.#take(page);
      }
      await onPage?.();
      await setImmediate();
    }
    if (this.#cursor !== to) await this.#take({ events: [], position: to });
  }

  #pages(after: string | null, until: string, most = PAGE) {
    return readWindow(this.#deps.store, { types: PROJECTED_TYPES, after, until, pageSize: Math.min(PAGE, most) });
  }

  async #take(page: { readonly events: readonly RecordedEvent[]; readonly position: string }): Promise<void> {
    await this.#deps.candidate.apply(batchOf(page, this.#cursor, this.#flowRows));
    this.#cursor = page.position;
    this.#counted = page.position;
    this.#count(page.events);
  }

  #count(events: readonly RecordedEvent[]): void {
    this.#messages += events.filter(isMessage).length;
  }
}

const isMessage = ({ type }: RecordedEvent): boolean => type === "MessageReceived" || type === "MessageReplayed";
