/** One message's whole story, folded from its events in the log and its rows in the projection. */
import type { DataItem, FlowDefinition, MessageStory, RecordedEvent } from "@sluice/contracts";
import { type EventStore, flowStream, type ProjectionStore } from "@sluice/domain";
import { Budget } from "./budget.ts";
import { type Delivery, EndpointDelivery, StoreDelivery } from "./deliveries.ts";
import { findNearMisses, type NearMissDependencies } from "./near-misses.ts";
import { verdictOf } from "./verdict.ts";

type FlowStory = MessageStory["flows"][number];

/** The message in one flow. */
interface Chapter {
  readonly received: RecordedEvent<"MessageReceived">;
  /** What the latest decision is about: that of the receipt, or of a replay. */
  facts: RecordedEvent[];
  flowVersion: number;
  captures: Record<string, string>;
  readonly rows: DataItem[];
  readonly deliveries: Map<string, Delivery>;
}

const PAGE = 1_000;

export interface StoryDependencies extends NearMissDependencies {
  readonly store: EventStore;
  readonly projection: ProjectionStore;
  /** Where events and rows are, without credentials. */
  readonly stores: MessageStory["stores"];
}

/** Null when no flow recorded such a message. @throws EventStoreUnavailable, ProjectionUnavailable */
export const tellStory = async (messageId: string, deps: StoryDependencies): Promise<MessageStory | null> => {
  const { store, projection } = deps;
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
  const misses = await findNearMisses(first.received, new Set(chapters.keys()), deps);
  const flows = await Promise.all([...chapters.values()].map((chapter) => flowStoryOf(chapter, store)));
  const { recordedAt, position, data } = first.received;
  const { topic, broker, source, receivedAt, qos, retain, dup, properties, payload, payloadSize } = data;
  return {
    messageId,
    topic,
    broker,
    source,
    receivedAt,
    recordedAt,
    position,
    qos,
    retain,
    dup,
    properties: properties ?? null,
    payload,
    payloadBytes: payloadSize ?? bytesOf(payload),
    stores: deps.stores,
    flows,
    nearMisses: misses.items,
    nearMissCount: misses.count,
    pending: flows.flatMap(({ flow, deliveries }) =>
      deliveries
        .filter(({ state }) => state === "pending")
        .map(({ action, nextAttemptAt }) => ({ flow, action, nextAttemptAt })),
    ),
    events: shown,
    truncated: budget.exceeded,
  };
};

const bytesOf = ({ encoding, data }: MessageStory["payload"]): number => Buffer.byteLength(data, encoding);

/** Every event of the message, in log order. */
export async function* eventsOf(messageId: string, store: EventStore): AsyncGenerator<RecordedEvent> {
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

const deliveryOf = ({ action, type }: Owed): [string, Delivery] => [
  action,
  type === "STORE_DB" ? new StoreDelivery(action) : new EndpointDelivery(action),
];

type Owed = RecordedEvent<"MessageReceived">["data"]["owes"][number];

const chapterOf = (received: RecordedEvent<"MessageReceived">): Chapter => ({
  received,
  facts: [],
  flowVersion: received.data.flowVersion,
  captures: received.data.captures,
  rows: [],
  deliveries: new Map(received.data.owes.map(deliveryOf)),
});

const note = (chapter: Chapter | undefined, event: RecordedEvent): void => {
  if (chapter === undefined) return;
  if (event.type === "MessageReplayed") {
    chapter.flowVersion = event.data.flowVersion;
    chapter.captures = event.data.captures;
    if (event.data.was === "rejected") chapter.facts = [];
    for (const owed of event.data.owes) {
      if (!chapter.deliveries.has(owed.action)) chapter.deliveries.set(...deliveryOf(owed));
    }
  } else if ("action" in event.data) chapter.deliveries.get(event.data.action)?.note(event);
  else chapter.facts.push(event);
};

const flowStoryOf = async (chapter: Chapter, store: EventStore): Promise<FlowStory> => {
  const { received, facts, flowVersion, captures, rows, deliveries } = chapter;
  const { flow, messageNumber } = received.data;
  const definition = await definitionOf(flow, flowVersion, store);
  return {
    flow,
    messageNumber,
    flowVersion,
    topic: definition?.topic ?? null,
    definition,
    captures,
    ...verdictOf(facts),
    rows,
    deliveries: [...deliveries.values()].map((delivery) => delivery.view()),
  };
};

/** The last one up to that version: enabling and disabling count as versions too. */
const definitionOf = async (flow: string, version: number, store: EventStore): Promise<FlowDefinition | null> => {
  for (let from = version; from > 0; from -= LOOK_BACK) {
    const events = await store.readStream(flowStream(flow), { from, limit: LOOK_BACK, direction: "backwards" });
    for (const event of events) {
      if (event.type === "FlowDefined" || event.type === "FlowRevised") return event.data.definition;
    }
  }
  return null;
};

const LOOK_BACK = 20;
