/**
 * A candidate definition on real traffic: what the log has is decoded, validated and decided under the flow's definition
 * and under the candidate, and nothing is recorded.
 */
import type {
  EventData,
  FlowDefinition,
  MessageReplayOrder,
  RecordedEvent,
  ReplayFigures,
  WhatIfResult,
} from "@sluice/contracts";
import {
  type EventStore,
  type FlowState,
  initialFlow,
  matchesFilter,
  type PayloadCodec,
  type PayloadValidator,
  parseTopicFilter,
  receiveMessage,
} from "@sluice/domain";
import type { Route } from "../flows/flow-fold.ts";
import { compileSchema } from "../flows/flow-routes.ts";
import { readWindow } from "./log-window.ts";
import { decodeAgain, incomingAgain } from "./message-again.ts";
import { RecentIds } from "./recent-ids.ts";
import { NO_FIGURES } from "./replay-book.ts";
import { FieldCounts, NOTHING, type Outcome, outcomeOf, SAMPLES, sampleOf, UNMATCHED } from "./what-if-result.ts";

export interface WhatIfPorts {
  readonly store: EventStore;
  readonly codec: PayloadCodec;
  readonly validator: PayloadValidator;
}

export interface WhatIfRun {
  readonly order: MessageReplayOrder;
  /** The flow's definition now; null where there is no such flow. */
  readonly present: FlowDefinition | null;
}

export interface WhatIfEnd {
  readonly figures: ReplayFigures;
  readonly whatIf: WhatIfResult;
}

export type OnPage = (progress: { readonly position: string; readonly figures: ReplayFigures }) => Promise<void> | void;

const PAGE = 2_000;

/** @throws EventStoreUnavailable */
export const runWhatIf = async (
  { store, codec, validator }: WhatIfPorts,
  { order, present }: WhatIfRun,
  onPage: OnPage,
): Promise<WhatIfEnd> => {
  const candidate = order.definition as FlowDefinition;
  const before = present === null ? null : routeOf(present, validator);
  const after = routeOf(candidate, validator);
  const state = initialFlow(candidate.code);
  const { sourceFlow, until, from, to } = order;
  const topic = order.topic === undefined ? null : parseTopicFilter(order.topic);
  const seen = sourceFlow === undefined ? new RecentIds() : null;
  const figures = { ...NO_FIGURES };
  const verdicts = { before: { ...NOTHING }, after: { ...NOTHING } };
  const fields = new FieldCounts();
  const changes = { newlyRejectedCount: 0, newlyAcceptedCount: 0 };
  const newlyRejected: WhatIfResult["newlyRejected"] = [];
  const newlyAccepted: WhatIfResult["newlyAccepted"] = [];

  const look = ({ data }: RecordedEvent<"MessageReceived">): void => {
    figures.scanned += 1;
    const decoded = decodeAgain(data, codec);
    if (decoded === null) {
      figures.cut += 1;
      return;
    }
    const judge = (route: Route | null): Outcome => {
      const incoming = route === null ? null : incomingAgain(route, data, decoded);
      if (route === null || incoming === null) return UNMATCHED;
      return outcomeOf(receiveMessage(numbered(state, data), route.definition, incoming), route.definition);
    };
    const [was, is] = [judge(before), judge(after)];
    verdicts.before[was.verdict] += 1;
    verdicts.after[is.verdict] += 1;
    figures[is.verdict === "flagged" ? "accepted" : is.verdict] += 1;
    fields.note(was, is);
    if (is.verdict === "rejected" && was.verdict !== "rejected") {
      if (changes.newlyRejectedCount++ < SAMPLES) newlyRejected.push(sampleOf(data, was, is));
    } else if (isTaken(is) && !isTaken(was)) {
      if (changes.newlyAcceptedCount++ < SAMPLES) newlyAccepted.push(sampleOf(data, was, is));
    }
  };

  const window = {
    flow: sourceFlow,
    types: ["MessageReceived"] as const,
    after: null,
    until,
    from,
    to,
    pageSize: PAGE,
  };
  for await (const { events, position } of readWindow(store, window)) {
    for (const event of events) {
      if (event.type !== "MessageReceived") continue;
      // Where every flow is looked at, a message counts once, and its original counts.
      if (seen !== null && (event.data.source === "replay" || !seen.add(event.data.messageId))) continue;
      if (topic === null || matchesFilter(topic, event.data.topic)) look(event);
    }
    await onPage({ position, figures: { ...figures } });
  }
  return { figures, whatIf: { ...verdicts, ...fields.result(), ...changes, newlyRejected, newlyAccepted } };
};

const isTaken = ({ verdict }: Outcome): boolean => verdict === "accepted" || verdict === "flagged";

const numbered = (state: FlowState, { messageNumber }: EventData<"MessageReceived">): FlowState => ({
  ...state,
  lastMessageNumber: messageNumber - 1,
});

/** @throws BadSchema */
const routeOf = (definition: FlowDefinition, validator: PayloadValidator): Route => ({
  definition,
  filter: parseTopicFilter(definition.topic),
  validate: compileSchema(definition, validator),
});
