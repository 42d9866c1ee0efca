/** The part of the log that a replay is about, page by page. */
import type { EventType, RecordedEvent } from "@sluice/contracts";
import type { EventStore } from "@sluice/domain";

export interface WindowOptions {
  readonly flow?: string | undefined;
  readonly types: readonly EventType[];
  /** Exclusive; null: from the start. */
  readonly after: string | null;
  /** Position of the last event that may be looked at; empty: the log was. */
  readonly until: string;
  /** RFC 3339, inclusive, of recording. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly pageSize?: number;
}

export interface WindowPage {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has been given. */
  readonly position: string;
}

const PAGE = 1_000;

/** Reads the next page while the last one is being dealt with. @throws EventStoreUnavailable */
export async function* readWindow(store: EventStore, options: WindowOptions): AsyncGenerator<WindowPage> {
  const { flow, types, until, from, to, pageSize = PAGE } = options;
  if (until === "") return;
  const filter = {
    types,
    ...(flow === undefined ? {} : { flow }),
    ...(from === undefined ? {} : { recordedFrom: from }),
    ...(to === undefined ? {} : { recordedTo: to }),
  };
  const read = (after: string | null) =>
    store.readAll({ limit: pageSize, filter, ...(after === null ? {} : { after }) });
  let next = read(options.after);
  for (;;) {
    const page = await next;
    if (page.position === null) return;
    const done = page.atEnd || store.compare(page.position, until) >= 0;
    if (!done) {
      next = read(page.position);
      // It may fail while nobody waits for it yet.
      next.catch(() => {});
    }
    const events = done ? page.events.filter(({ position }) => store.compare(position, until) <= 0) : page.events;
    yield { events, position: store.compare(page.position, until) > 0 ? until : page.position };
    if (done) return;
  }
}
