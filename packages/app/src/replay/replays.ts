/** Asking for replays, looking at them, cancelling them. Each command is an event with its author. */
import type { EventMetadata, NewEvent, Replay, ReplayOrder } from "@sluice/contracts";
import { type EventFilter, type EventStore, type IdSource, type ReadPage, replayStream } from "@sluice/domain";
import { derivedId } from "../system/ids.ts";
import { NO_FIGURES, type ReplayBook, type ReplayRecord } from "./replay-book.ts";
import type { NewOrder } from "./replay-order.ts";
import type { LiveProgress } from "./replay-runner.ts";

export interface ReplaysDependencies {
  readonly store: EventStore;
  readonly book: ReplayBook;
  readonly ids: IdSource;
  /** Of whichever thread of this gateway is at work on it. */
  readonly live: (record: ReplayRecord) => Promise<LiveProgress | null>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Replays {
  readonly #deps: ReplaysDependencies;

  constructor(dependencies: ReplaysDependencies) {
    this.#deps = dependencies;
  }

  /** @throws EventStoreUnavailable */
  async request(order: NewOrder, metadata: EventMetadata): Promise<Replay> {
    const { store, book, ids } = this.#deps;
    const head = await store.head();
    const id = ids.next();
    const data = { replay: id, order: { ...order, until: head ?? "" } as ReplayOrder };
    const event: NewEvent = { id: ids.next(), type: "ReplayRequested", schemaVersion: 1, data, metadata };
    const { recordedAt } = await store.append([{ stream: replayStream(id), expected: "none", events: [event] }]);
    book.take([{ ...event, recordedAt }]);
    return this.#view(book.get(id) as ReplayRecord);
  }

  /** The newest first. @param after id of the last of the page before; null: one that there is not gives nothing */
  async list(
    limit: number,
    after?: string,
  ): Promise<{ readonly items: readonly Replay[]; readonly next: string | null }> {
    const all = this.#deps.book.list().toReversed();
    const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const page = start === 0 && after !== undefined ? [] : all.slice(start, start + limit);
    const items = await Promise.all(page.map((record) => this.#view(record)));
    return { items, next: start + limit < all.length ? (page.at(-1)?.id ?? null) : null };
  }

  /** Undefined when there is none. @throws EventStoreUnavailable */
  async get(id: string): Promise<Replay | undefined> {
    const record = await this.#find(id);
    return record && this.#view(record);
  }

  /** The book may not have all of the log yet. */
  async #find(id: string): Promise<ReplayRecord | undefined> {
    const { store, book } = this.#deps;
    const known = book.get(id);
    if (known !== undefined || !UUID.test(id)) return known;
    book.take(await store.readStream(replayStream(id), { limit: 10_000 }));
    return book.get(id);
  }

  /** The rebuild whose switch can be undone, by all that the log has now. @throws EventStoreUnavailable */
  async lastSwitch(): Promise<string | null> {
    const { store, book } = this.#deps;
    const filter: EventFilter = { types: ["ReplayRequested", "ReplayCompleted"] };
    let after: string | null = null;
    for (;;) {
      const page: ReadPage = await store.readAll({ filter, limit: 1_000, ...(after === null ? {} : { after }) });
      book.take(page.events);
      if (page.atEnd || page.position === null) return book.lastSwitch();
      after = page.position;
    }
  }

  /** One that has ended stays as it ended. Undefined when there is none. @throws EventStoreUnavailable */
  async cancel(id: string, metadata: EventMetadata): Promise<Replay | undefined> {
    const { store, book } = this.#deps;
    if ((await this.#find(id))?.state === "open") {
      const data = { replay: id };
      const eventId = derivedId(`replay/${id}/ReplayCancelled/`);
      const event: NewEvent = { id: eventId, type: "ReplayCancelled", schemaVersion: 1, data, metadata };
      const { recordedAt } = await store.append([{ stream: replayStream(id), expected: "any", events: [event] }]);
      book.take([{ ...event, recordedAt }]);
    }
    return this.get(id);
  }

  async #view(record: ReplayRecord): Promise<Replay> {
    const { id, order, state, requestedAt, requestedBy, endedAt, reason, whatIf, rebuild } = record;
    const live = state === "open" ? await this.#deps.live(record) : null;
    const open = live === null ? ("waiting" as const) : ("running" as const);
    return {
      ...{ id, ...NOTHING_ASKED, ...viewOf(order) },
      state: state === "open" ? open : state,
      ...{ requestedAt, requestedBy, endedAt },
      progress: state === "completed" ? 1 : await this.#part(order, live?.position ?? record.position),
      speed: live === null ? null : live.speed,
      figures: { ...NO_FIGURES, ...(live?.figures ?? record.figures) },
      reason,
      whatIf,
      rebuild,
    };
  }

  /** Of the window; an estimate where the store's is. */
  async #part(order: ReplayOrder, position: string | null): Promise<number> {
    const { store } = this.#deps;
    const { until } = order;
    const from = "from" in order ? order.from : undefined;
    if (position === null || until === "") return 0;
    const first =
      from === undefined
        ? null
        : (await store.readAll({ limit: 1, filter: { recordedFrom: from } })).events[0]?.position;
    const [start, here, end] = await Promise.all([first ?? null, position, until].map((at) => store.countAfter(at)));
    const [all, left] = [(start as number) - (end as number), (here as number) - (end as number)];
    return all <= 0 ? 1 : Math.min(1, Math.max(0, 1 - left / all));
  }
}

const NOTHING_ASKED = {
  flow: null,
  action: null,
  sourceFlow: null,
  topic: null,
  from: null,
  to: null,
  messagesPerSecond: null,
  compareOnly: null,
  rollbackOf: null,
};

/** What is of the log alone stays there: where it ended, and a candidate, which may be large. */
const viewOf = (order: ReplayOrder) => {
  if (!("definition" in order)) {
    const { until: _until, ...rest } = order;
    return rest;
  }
  const { until: _until, definition: _definition, ...rest } = order;
  return rest;
};
