/**
 * A flow's counters at an earlier moment, without reading its messages: their numbers tell how many there were, and the
 * events of those that did not go well, which an index finds, tell the rest.
 */
import type { EventType, FlowCounters, RecordedEvent } from "@sluice/contracts";
import {
  type Clock,
  type EventFilter,
  type EventStore,
  evolveTraffic,
  type FlowState,
  initialFlow,
} from "@sluice/domain";

/** Those that change counters, but for MessageReceived, of which there is one a message. */
const TELLING: readonly EventType[] = ["ValidationFailed", "ThresholdBreached", "MessagesSkipped", "MessageReplayed"];
const PAGE = 1_000;
/** One request may count this long. */
const MAX_MS = 5_000;

export interface CountersAt {
  readonly lastMessageNumber: number;
  /** Null: more happened than can be counted for one answer. */
  readonly counters: FlowCounters | null;
}

/** @param until where the first event lies that is not counted; null: all are */
export const countersAt = async (
  code: string,
  until: string | null,
  { store, clock }: { readonly store: EventStore; readonly clock: Clock },
): Promise<CountersAt> => {
  const { number: lastMessageNumber, received } = await numbersAt(code, until, store);
  const end = clock.now() + MAX_MS;
  let state: FlowState = initialFlow(code);
  for await (const event of eventsBefore(store, { flow: code, types: TELLING }, until)) {
    if (clock.now() > end) return { lastMessageNumber, counters: null };
    state = evolveTraffic(state, event);
  }
  const { counters } = state;
  return { lastMessageNumber, counters: { ...counters, received, accepted: counters.accepted + received } };
};

/** Numbers have no gap but where a definition took over those that another gateway had given. */
const numbersAt = async (
  code: string,
  until: string | null,
  store: EventStore,
): Promise<{ readonly number: number; readonly received: number }> => {
  let skipped = 0;
  let adopted = 0;
  for await (const event of eventsBefore(store, { flow: code, types: ["FlowDefined"] }, until)) {
    if (event.type !== "FlowDefined" || event.data.lastMessageNumber === undefined) continue;
    const before = Math.max(await lastNumber(code, event.position, store), adopted);
    if (event.data.lastMessageNumber <= before) continue;
    adopted = event.data.lastMessageNumber;
    skipped += adopted - before;
  }
  const number = Math.max(await lastNumber(code, until, store), adopted);
  return { number, received: number - skipped };
};

const lastNumber = async (flow: string, until: string | null, store: EventStore): Promise<number> => {
  let after = until;
  for (;;) {
    const page = await store.readAll({
      filter: { flow, types: ["MessageReceived"] },
      direction: "backwards",
      limit: 1,
      ...(after === null ? {} : { after }),
    });
    const [event] = page.events;
    if (event?.type === "MessageReceived") return event.data.messageNumber;
    if (page.atEnd || page.position === null) return 0;
    after = page.position;
  }
};

async function* eventsBefore(
  store: EventStore,
  filter: EventFilter,
  until: string | null,
): AsyncGenerator<RecordedEvent> {
  let after: string | undefined;
  for (;;) {
    const page = await store.readAll({ filter, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const event of page.events) {
      if (until !== null && store.compare(event.position, until) >= 0) return;
      yield event;
    }
    if (page.atEnd || page.position === null) return;
    after = page.position;
  }
}
