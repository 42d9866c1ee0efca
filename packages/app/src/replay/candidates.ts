/**
 * Which messages a replay has to deal with. Each kind reads its window of the log and gives, page by page, what is to be
 * decided again; what has been done already, by this replay before a restart or by another, is only counted.
 */
import type { EventType, MessageReplayOrder, RecordedEvent } from "@sluice/contracts";
import { type EventStore, matchesFilter, parseTopicFilter } from "@sluice/domain";
import type { ReplayItem, ReplayMode } from "../ingest/decide-replay.ts";
import { readWindow } from "./log-window.ts";
import { NumberSet } from "./number-set.ts";
import { RecentIds } from "./recent-ids.ts";

export interface CandidatePage {
  readonly items: readonly ReplayItem[];
  /** Done by this replay before a restart, with this outcome. */
  readonly done: { readonly accepted: number; readonly rejected: number };
  /** Done before this replay, or never to be done. */
  readonly present: number;
  readonly position: string;
}

export interface Candidates {
  readonly mode: ReplayMode;
  pages(after: string | null): AsyncGenerator<CandidatePage>;
}

type Replayed = RecordedEvent<"MessageReplayed">;
type Received = RecordedEvent<"MessageReceived">;

interface Source {
  readonly store: EventStore;
  readonly id: string;
  readonly order: MessageReplayOrder;
}

/** Replay cannot be done as it was asked for. */
export class ReplayImpossible extends Error {
  override readonly name = "ReplayImpossible";
}

export const candidatesOf = (source: Source): Candidates => {
  if (source.order.kind === "re-drive") return reDrive(source);
  const { action } = source.order;
  return action === undefined ? backfillFlow(source) : backfillAction(source, action);
};

const windowOf = ({ order }: Source, types: readonly EventType[], after: string | null, flow: string | undefined) => {
  const { until, from, to } = order;
  return { flow, types, after, until, from, to };
};

/** What earlier replays, and this one before a restart, did to the flow's messages. */
const alreadyReplayed = async (
  { store, id, order }: Source,
  concerns: (event: Replayed) => boolean,
): Promise<{ readonly mine: NumberSet; readonly others: NumberSet }> => {
  const found = { mine: new NumberSet(), others: new NumberSet() };
  const head = await store.head();
  if (head === null) return found;
  const window = { flow: order.flow, types: ["MessageReplayed"] as const, after: null, until: head };
  for await (const { events } of readWindow(store, window)) {
    for (const event of events) {
      if (event.type !== "MessageReplayed" || !concerns(event)) continue;
      (event.data.replay === id ? found.mine : found.others).add(event.data.messageNumber);
    }
  }
  return found;
};

const EVENTS_BEFORE = 16;

/** The message that one of the events after it, in the same stream, is about. */
const messageBefore = async (store: EventStore, event: RecordedEvent<"ValidationFailed">): Promise<Received | null> => {
  let from = event.version - 1;
  while (from > 0) {
    const events = await store.readStream(event.stream, { from, limit: EVENTS_BEFORE, direction: "backwards" });
    for (const found of events) {
      if (!("messageId" in found.data) || found.data.messageId !== event.data.messageId) return null;
      if (found.type === "MessageReceived") return found;
    }
    if (events.length === 0) return null;
    from -= events.length;
  }
  return null;
};

const originalOf = async (store: EventStore, { data }: Replayed): Promise<Received | null> => {
  const { stream, version } = data.original;
  const [message] = await store.readStream(stream, { from: version, limit: 1 });
  return message?.type === "MessageReceived" ? message : null;
};

const isMessage = (message: Received | null): message is Received => message !== null;

/** The flow's rejected messages. */
const reDrive = (source: Source): Candidates => ({
  mode: { kind: "accept" },
  async *pages(after) {
    const { store, order } = source;
    const { flow } = order;
    const { mine, others } = await alreadyReplayed(source, ({ data }) => data.was === "rejected");
    for await (const page of readWindow(store, windowOf(source, ["ValidationFailed"], after, flow))) {
      const wanted: RecordedEvent<"ValidationFailed">[] = [];
      let accepted = 0;
      let present = 0;
      for (const event of page.events) {
        if (event.type !== "ValidationFailed" || event.data.disposition !== "rejected") continue;
        if (mine.has(event.data.messageNumber)) accepted += 1;
        else if (others.has(event.data.messageNumber)) present += 1;
        else wanted.push(event);
      }
      const messages = (await Promise.all(wanted.map((event) => messageBefore(store, event)))).filter(isMessage);
      const items = messages.map((message) => ({ flow, message }));
      yield { items, done: { accepted, rejected: 0 }, present, position: page.position };
    }
  },
});

/** Messages that the flow has accepted, at once or after all, without owing them to the action. */
const backfillAction = (source: Source, action: string): Candidates => ({
  mode: { kind: "owe", action },
  async *pages(after) {
    const { store, order } = source;
    const { flow } = order;
    const owes = ({ data }: Replayed | Received) => data.owes.some((owed) => owed.action === action);
    const { mine, others } = await alreadyReplayed(source, owes);
    const types = ["MessageReceived", "MessageReplayed"] as const;
    for await (const page of readWindow(store, windowOf(source, types, after, flow))) {
      const wanted: Promise<Received | null>[] = [];
      let accepted = 0;
      let present = 0;
      for (const event of page.events) {
        if (event.type !== "MessageReceived" && event.type !== "MessageReplayed") continue;
        // A rejected message owes nothing; one that was replayed only for another action has been met before.
        if (event.data.owes.length === 0 || (event.type === "MessageReplayed" && event.data.was === "accepted"))
          continue;
        if (owes(event) || others.has(event.data.messageNumber)) present += 1;
        else if (mine.has(event.data.messageNumber)) accepted += 1;
        else wanted.push(event.type === "MessageReceived" ? Promise.resolve(event) : originalOf(store, event));
      }
      const items = (await Promise.all(wanted)).filter(isMessage).map((message) => ({ flow, message }));
      yield { items, done: { accepted, rejected: 0 }, present, position: page.position };
    }
  },
});

/** Messages of other flows, each once however many flows have it. */
const backfillFlow = (source: Source): Candidates => ({
  mode: { kind: "receive" },
  async *pages(after) {
    const { store, id, order } = source;
    const { flow, sourceFlow, topic } = order;
    const filter = topic === undefined ? null : parseTopicFilter(topic);
    const seen = after === null ? new RecentIds() : await idsBefore(store, after);
    const known = await knowledgeOf(source);
    for await (const page of readWindow(store, windowOf(source, ["MessageReceived"], after, sourceFlow))) {
      const wanted: Received[] = [];
      let present = 0;
      for (const event of page.events) {
        if (event.type !== "MessageReceived" || event.data.flow === flow) continue;
        // Where every flow is looked at, its original is met too.
        if (sourceFlow === undefined && event.data.source === "replay") continue;
        if (filter !== null && !matchesFilter(filter, event.data.topic)) continue;
        if (seen.add(event.data.messageId)) wanted.push(event);
      }
      const done = { accepted: 0, rejected: 0 };
      const found = await Promise.all(wanted.map(({ data }) => known(data.messageId)));
      const items: ReplayItem[] = [];
      for (const [index, message] of wanted.entries()) {
        const had = found[index] ?? null;
        if (had === null) items.push({ flow, message });
        else if (had.replay !== id) present += 1;
        else if (had.rejected) done.rejected += 1;
        else done.accepted += 1;
      }
      yield { items, done, present, position: page.position };
    }
  },
});

const PRIMED = 2_000;

/** Those of the messages up to here, so that the parts of one that lie before and after it are one. */
const idsBefore = async (store: EventStore, position: string): Promise<RecentIds> => {
  const ids = new RecentIds();
  const [next] = (await store.readAll({ after: position, limit: 1 })).events;
  const filter = { types: ["MessageReceived"] as const };
  const options = { filter, limit: PRIMED, direction: "backwards" as const };
  const { events } = await store.readAll({ ...options, ...(next === undefined ? {} : { after: next.position }) });
  for (const event of events) if (event.type === "MessageReceived") ids.add(event.data.messageId);
  return ids;
};

interface Had {
  readonly replay: string | undefined;
  readonly rejected: boolean;
}

const hadOf = ({ data }: Received): Had => ({ replay: data.replay, rejected: data.owes.length === 0 });

/** Without an index of messages all that the flow has is kept in mind, up to this. */
const KNOWN_MOST = 1_000_000;

/** Tells of a message whether the flow has it. */
const knowledgeOf = async ({ store, order: { flow } }: Source): Promise<(messageId: string) => Promise<Had | null>> => {
  if (store.capabilities.messageIndex) {
    return async (messageId) => {
      const filter = { messageId, flow, types: ["MessageReceived"] as const };
      let after: string | undefined;
      for (;;) {
        const page = await store.readAll({ limit: 10, filter, ...(after === undefined ? {} : { after }) });
        const message = page.events.find((event) => event.type === "MessageReceived");
        if (message !== undefined) return hadOf(message);
        if (page.atEnd || page.position === null) return null;
        after = page.position;
      }
    };
  }
  const all = new Map<string, Had>();
  const head = await store.head();
  if (head !== null) {
    for await (const { events } of readWindow(store, { flow, types: ["MessageReceived"], after: null, until: head })) {
      for (const event of events) if (event.type === "MessageReceived") all.set(event.data.messageId, hadOf(event));
      if (all.size > KNOWN_MOST) {
        throw new ReplayImpossible(
          `the flow has more than ${KNOWN_MOST} messages, and this event store cannot look messages up by their ids`,
        );
      }
    }
  }
  return async (messageId) => all.get(messageId) ?? null;
};
