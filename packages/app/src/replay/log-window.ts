/** The part of the log that a replay is about, page by page. */
import type { EventType, RecordedEvent } from "@sluice/contracts";
import type { EventStore } from "@sluice/domain";
import { PageSize } from "./page-size.ts";

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
  /** Events at the most; fewer where they are large. */
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
  const size = new PageSize(pageSize);
  const read = (after: string | null) =>
    store.readAll({ limit: size.next, filter, ...(after === null ? {} : { after }) });
  let next = read(options.after);
  for (;;) {
    const page = await next;
    if (page.position === null) return;
    size.note(
      page.events.length,
      page.events.reduce((sum, event) => sum + charactersOf(event), 0),
    );
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

/** Of what devices have sent, which alone can be large. */
const charactersOf = (event: RecordedEvent): number => {
  if (event.type === "MessageReceived") return event.data.payload.data.length;
  return event.type === "StoredAttribute" && typeof event.data.value === "string" ? event.data.value.length : 0;
};
