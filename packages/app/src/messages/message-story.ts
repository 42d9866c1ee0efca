/** One message's whole story, folded from its events in the log and its rows in the projection. */
import type { DataItem, EventData, MessageStory, RecordedEvent } from "@sluice/contracts";
import type { EventStore, ProjectionStore } from "@sluice/domain";
import { Budget } from "./budget.ts";
import { type Delivery, EndpointDelivery, StoreDelivery } from "./deliveries.ts";
import { verdictOf } from "./verdict.ts";

type FlowStory = MessageStory["flows"][number];

/** The message in one flow. */
interface Chapter {
  readonly received: RecordedEvent<"MessageReceived">;
  readonly facts: RecordedEvent[];
  readonly rows: DataItem[];
  readonly deliveries: ReadonlyMap<string, Delivery>;
}

const PAGE = 1_000;

/** Null when no flow recorded such a message. @throws EventStoreUnavailable, ProjectionUnavailable */
export const tellStory = async (
  messageId: string,
  { store, projection }: { readonly store: EventStore; readonly projection: ProjectionStore },
): Promise<MessageStory | null> => {
  const budget = new Budget();
  const chapters = new Map<string, Chapter>();
  const shown: RecordedEvent[] = [];
  for await (const event of eventsOf(messageId, store)) {
    if (budget.take(event)) shown.push(event);
    if (event.type === "MessageReceived") chapters.set(event.data.flow, chapterOf(event));
    else if ("messageId" in event.data) note(chapters.get(event.data.flow), event);
  }
  const [first] = chapters.values();
  if (first === undefined) return null;
  for await (const row of rowsOf(messageId, projection)) {
    const chapter = chapters.get(row.flow);
    if (row.eventId !== null) for (const delivery of chapter?.deliveries.values() ?? []) delivery.stored(row.eventId);
    if (budget.take(row)) chapter?.rows.push(row);
  }
  const { topic, broker, receivedAt, payload } = first.received.data;
  return {
    messageId,
    topic,
    broker,
    receivedAt,
    payload,
    flows: [...chapters.values()].map(flowStoryOf),
    events: shown,
    truncated: budget.exceeded,
  };
};

async function* eventsOf(messageId: string, store: EventStore): AsyncGenerator<RecordedEvent> {
  let after: string | undefined;
  for (;;) {
    const page = await store.readAll({ filter: { messageId }, limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page.events;
    if (page.atEnd || page.position === null) return;
    after = page.position;
  }
}

async function* rowsOf(messageId: string, projection: ProjectionStore): AsyncGenerator<DataItem> {
  let after: string | null = null;
  do {
    const page = await projection.data({ messageId }, { limit: PAGE, ...(after === null ? {} : { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== null);
}

const chapterOf = (received: RecordedEvent<"MessageReceived">): Chapter => ({
  received,
  facts: [],
  rows: [],
  deliveries: new Map(
    received.data.owes.map(({ action, type }) => [
      action,
      type === "STORE_DB" ? new StoreDelivery(action) : new EndpointDelivery(action),
    ]),
  ),
});

const note = (chapter: Chapter | undefined, event: RecordedEvent): void => {
  if ("action" in event.data) chapter?.deliveries.get(event.data.action)?.note(event);
  else chapter?.facts.push(event);
};

const flowStoryOf = ({ received, facts, rows, deliveries }: Chapter): FlowStory => {
  const { flow, messageNumber, flowVersion, captures }: EventData<"MessageReceived"> = received.data;
  return {
    flow,
    messageNumber,
    flowVersion,
    captures,
    ...verdictOf(facts),
    rows,
    deliveries: [...deliveries.values()].map((delivery) => delivery.view()),
  };
};
