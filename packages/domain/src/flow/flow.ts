/**
 * The Flow aggregate as a decider: `decide*` turns a command and the state into facts, `evolve` folds recorded events
 * into the state. Both are pure; ids, time and versions come from outside.
 *
 * The state is the fold of two streams, the flow's life and its traffic. A snapshot of it is only a cache.
 *
 * ```
 * undefined ──define──► enabled ◄──enable/disable──► disabled
 *     ▲                    └───────retire──────┬───────┘
 *     └──────── define ◄──────────────── retired
 * ```
 * Message numbers go on through retirement, and after those that another gateway gave: a number is never used twice.
 */
import type { EventData, EventType, FlowCounters, FlowDefinition, RecordedEvent } from "@sluice/contracts";
import { canonicalJson } from "../message/canonical-json.ts";
import { ownMember, setMember } from "../own-member.ts";
import { dayOf, parseStream, trafficStream } from "../streams.ts";

/** An event before it has an id: what was decided. */
export type Fact<T extends EventType = EventType> = {
  [K in T]: { readonly type: K; readonly data: EventData<K> };
}[T];

export type FlowStatus = "undefined" | "enabled" | "disabled" | "retired";

export interface FlowState {
  readonly code: string;
  readonly status: FlowStatus;
  /** Version of the stream `flow-<code>`; 0 when it has no event. */
  readonly version: number;
  readonly definition: FlowDefinition | null;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly lastMessageNumber: number;
  readonly lastReceivedAt: string | null;
  readonly counters: FlowCounters;
  /** Accepted messages by the id of the action that owes them. */
  readonly owed: Readonly<Record<string, number>>;
  /** The newest traffic stream and its version, 0 when it has no event yet; null while the flow is undefined. */
  readonly traffic: { readonly stream: string; readonly version: number } | null;
}

/** The part of a flow's state that its messages change. */
export type FlowTraffic = Pick<FlowState, "lastMessageNumber" | "lastReceivedAt" | "counters" | "owed" | "traffic">;

export const trafficPart = ({
  lastMessageNumber,
  lastReceivedAt,
  counters,
  owed,
  traffic,
}: FlowState): FlowTraffic => ({
  lastMessageNumber,
  lastReceivedAt,
  counters,
  owed,
  traffic,
});

export const initialFlow = (code: string): FlowState => ({
  code,
  status: "undefined",
  version: 0,
  definition: null,
  createdAt: null,
  updatedAt: null,
  lastMessageNumber: 0,
  lastReceivedAt: null,
  counters: { received: 0, accepted: 0, rejected: 0, flagged: 0, breached: 0, skipped: 0 },
  owed: {},
  traffic: null,
});

export type FlowCommand =
  | {
      readonly kind: "define";
      readonly definition: FlowDefinition;
      readonly enabled: boolean;
      /** Of the last message that another gateway gave a number; 0 when absent. */
      readonly lastMessageNumber?: number;
    }
  | { readonly kind: "revise"; readonly definition: FlowDefinition; readonly enabled?: boolean }
  | { readonly kind: "enable" }
  | { readonly kind: "disable" }
  | { readonly kind: "retire" };

export class FlowExists extends Error {
  override readonly name = "FlowExists";
}

export class FlowNotFound extends Error {
  override readonly name = "FlowNotFound";
}

/**
 * What the command changes; nothing when the flow is as the command wants it already.
 * @throws FlowExists on `define` of a living flow; FlowNotFound on any other command without one
 */
export const decideFlow = (state: FlowState, command: FlowCommand): readonly Fact[] => {
  const alive = state.status === "enabled" || state.status === "disabled";
  if (command.kind === "define") {
    if (alive) throw new FlowExists(`flow ${state.code} exists`);
    const { definition, enabled, lastMessageNumber = 0 } = command;
    const numbered = lastMessageNumber > state.lastMessageNumber ? { lastMessageNumber } : {};
    return [{ type: "FlowDefined", data: { definition, enabled, ...numbered } }];
  }
  if (!alive) throw new FlowNotFound(`flow ${state.code} does not exist`);
  const switchTo = (enabled: boolean): readonly Fact[] => {
    if ((state.status === "enabled") === enabled) return [];
    return [{ type: enabled ? "FlowEnabled" : "FlowDisabled", data: { flow: state.code } }];
  };
  switch (command.kind) {
    case "revise": {
      const same = canonicalJson(command.definition) === canonicalJson(state.definition);
      return [
        ...(same ? [] : [{ type: "FlowRevised" as const, data: { definition: command.definition } }]),
        ...(command.enabled === undefined ? [] : switchTo(command.enabled)),
      ];
    }
    case "enable":
      return switchTo(true);
    case "disable":
      return switchTo(false);
    case "retire":
      return [{ type: "FlowRetired", data: { flow: state.code } }];
  }
};

const evolveLife = (state: FlowState, event: RecordedEvent): FlowState => {
  const next = { ...state, version: event.version, updatedAt: event.recordedAt };
  switch (event.type) {
    case "FlowDefined":
      return {
        ...next,
        status: event.data.enabled ? "enabled" : "disabled",
        definition: event.data.definition,
        createdAt: event.recordedAt,
        traffic: state.traffic ?? { stream: trafficStream(state.code, dayOf(event.recordedAt)), version: 0 },
        lastMessageNumber: Math.max(state.lastMessageNumber, event.data.lastMessageNumber ?? 0),
      };
    case "FlowRevised":
      return { ...next, definition: event.data.definition };
    case "FlowEnabled":
      return { ...next, status: "enabled" };
    case "FlowDisabled":
      return { ...next, status: "disabled" };
    case "FlowRetired":
      return { ...next, status: "retired" };
    default:
      return next;
  }
};

const withOwed = (
  before: FlowState["owed"],
  owes: EventData<"MessageReceived">["owes"],
): Readonly<Record<string, number>> => {
  const owed = { ...before };
  for (const { action } of owes) setMember(owed, action, (ownMember(owed, action) ?? 0) + 1);
  return owed;
};

/**
 * The traffic part of the fold, for one fact of the flow. The pipeline applies it to what it has just decided, a
 * rebuild to what it reads back, so that both reach the same state.
 */
export const evolveTraffic = (state: FlowState, fact: Fact): FlowState => {
  const { counters } = state;
  switch (fact.type) {
    case "MessageReceived": {
      const { messageNumber, receivedAt, source, owes } = fact.data;
      const { lastReceivedAt } = state;
      // What is replayed was received long ago.
      const isOld = source === "replay" && lastReceivedAt !== null && lastReceivedAt > receivedAt;
      return {
        ...state,
        lastMessageNumber: messageNumber,
        lastReceivedAt: isOld ? lastReceivedAt : receivedAt,
        counters: { ...counters, received: counters.received + 1, accepted: counters.accepted + 1 },
        owed: withOwed(state.owed, owes),
      };
    }
    case "MessageReplayed": {
      const owed = withOwed(state.owed, fact.data.owes);
      if (fact.data.was === "accepted") return { ...state, owed };
      const { accepted, rejected } = counters;
      return { ...state, counters: { ...counters, accepted: accepted + 1, rejected: rejected - 1 }, owed };
    }
    case "ValidationFailed":
      return fact.data.disposition === "flagged"
        ? { ...state, counters: { ...counters, flagged: counters.flagged + 1 } }
        : {
            ...state,
            counters: { ...counters, accepted: counters.accepted - 1, rejected: counters.rejected + 1 },
          };
    case "ThresholdBreached":
      return { ...state, counters: { ...counters, breached: counters.breached + 1 } };
    case "MessagesSkipped":
      return { ...state, counters: { ...counters, skipped: counters.skipped + fact.data.count } };
    default:
      return state;
  }
};

/** Folds one recorded event of the flow's own streams; events of other categories change nothing. */
export const evolveFlow = (state: FlowState, event: RecordedEvent): FlowState => {
  switch (parseStream(event.stream)?.category) {
    case "flow":
      return evolveLife(state, event);
    case "traffic":
      if (event.type === "TrafficContinued") return { ...state, traffic: { stream: event.data.next, version: 0 } };
      return { ...evolveTraffic(state, event), traffic: { stream: event.stream, version: event.version } };
    default:
      return state;
  }
};

/** Whether the state has the event in it already, or is past it. */
export const isFolded = (state: FlowState, event: RecordedEvent): boolean => {
  switch (parseStream(event.stream)?.category) {
    case "flow":
      return event.version <= state.version;
    case "traffic": {
      const { traffic } = state;
      if (traffic === null || event.stream > traffic.stream) return false;
      return event.stream < traffic.stream || event.version <= traffic.version;
    }
    default:
      return true;
  }
};
