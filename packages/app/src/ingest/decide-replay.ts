/**
 * decide, for messages that the log has already. The ids of what comes of it are made from the message and what is done
 * with it, so that the log takes it once, whoever says it how often.
 */
import type { EventData, RecordedEvent } from "@sluice/contracts";
import { type Fact, type FlowState, receiveMessage } from "@sluice/domain";
import type { FlowEntry, Route } from "../flows/flow-fold.ts";
import { decodeAgain, incomingAgain, onlyAction } from "../replay/message-again.ts";
import { derivedId } from "../system/ids.ts";
import { type DecideDependencies, type DecidedBatch, recordKey } from "./decide-batch.ts";
import { TrafficAppends } from "./traffic-appends.ts";

/**
 * accept: a message that the flow rejected is decided again. owe: one that it accepted is owed to one more action.
 * receive: one that it never had becomes its next.
 */
export type ReplayMode =
  | { readonly kind: "accept" }
  | { readonly kind: "owe"; readonly action: string }
  | { readonly kind: "receive" };

export interface ReplayItem {
  /** The flow that it is for. */
  readonly flow: string;
  readonly message: RecordedEvent<"MessageReceived">;
}

/** gone: the flow, or the action, is not there, or not enabled. The others are those of `ReplayFigures`. */
export type ReplayOutcome = "accepted" | "rejected" | "unmatched" | "cut" | "refused" | "gone";

export interface ReplayTask extends ReplayItem {
  /** Of the last decision. */
  outcome: ReplayOutcome;
}

export interface ReplayBatch {
  readonly replay: string;
  readonly mode: ReplayMode;
  readonly tasks: readonly ReplayTask[];
}

interface Decided {
  readonly outcome: ReplayOutcome;
  readonly facts: readonly Fact[];
}

const nothing = (outcome: ReplayOutcome): Decided => ({ outcome, facts: [] });

/**
 * @param refused the log does not take it
 * @param recorded what the log has of the batch already, by `recordKey`
 */
export const decideReplay = (
  deps: DecideDependencies,
  batch: ReplayBatch,
  { refused, recorded }: { readonly refused: boolean; readonly recorded: ReadonlySet<string> },
): DecidedBatch => {
  const traffic = new TrafficAppends(deps);
  const now = new Date(deps.clock.now()).toISOString();
  for (const task of batch.tasks) {
    const { messageId } = task.message.data;
    if (recorded.has(recordKey(messageId, task.flow))) continue;
    const entry = deps.registry.entry(task.flow);
    const route = entry?.route ?? null;
    const { outcome, facts } =
      refused || entry === undefined || route === null
        ? nothing(refused ? "refused" : "gone")
        : decideOne(deps, batch, task, { entry, route });
    task.outcome = outcome;
    if (entry === undefined || facts.length === 0) continue;
    const id = idOf(batch.mode, task);
    traffic.record(entry, now, facts, (index) => (index === 0 ? id : derivedId(`${id}/${index}`)));
  }
  return { ...traffic.finish(), messageIds: [], retained: [] };
};

const idOf = (mode: ReplayMode, { flow, message }: ReplayTask): string => {
  const what = mode.kind === "owe" ? `owe/${mode.action}` : mode.kind;
  return derivedId(`replay/${flow}/${message.data.messageId}/${what}`);
};

const decideOne = (
  { codec }: DecideDependencies,
  { replay, mode }: ReplayBatch,
  { message }: ReplayTask,
  { entry, route }: { readonly entry: FlowEntry; readonly route: Route },
): Decided => {
  const decoded = decodeAgain(message.data, codec);
  if (decoded === null) return nothing("cut");
  const incoming = incomingAgain(route, message.data, decoded);
  if (incoming === null) return nothing("unmatched");
  const definition = mode.kind === "owe" ? onlyAction(route.definition, mode.action) : route.definition;
  if (definition.actions.length === 0) return nothing("gone");
  if (mode.kind === "receive") {
    const facts = receiveMessage(entry.state, definition, { ...incoming, source: "replay", replay });
    return { outcome: isRejected(facts) ? "rejected" : "accepted", facts };
  }
  const facts = receiveMessage(numbered(entry.state, message.data), definition, incoming);
  if (isRejected(facts)) return nothing("rejected");
  return {
    outcome: "accepted",
    facts: asReplayed(facts, replay, mode.kind === "accept" ? "rejected" : "accepted", message),
  };
};

const isRejected = (facts: readonly Fact[]): boolean =>
  facts.some((fact) => fact.type === "MessageReceived" && fact.data.owes.length === 0);

/** The state in which the message gets the number that it has. */
const numbered = (state: FlowState, { messageNumber }: EventData<"MessageReceived">): FlowState => ({
  ...state,
  lastMessageNumber: messageNumber - 1,
});

const asReplayed = (
  facts: readonly Fact[],
  replay: string,
  was: EventData<"MessageReplayed">["was"],
  { stream, version }: RecordedEvent<"MessageReceived">,
): readonly Fact[] =>
  facts.flatMap((fact): Fact[] => {
    if (fact.type === "MessageReceived") {
      const { flow, messageId, messageNumber, flowVersion, captures, receivedAt, deviceTime, owes } = fact.data;
      const data = {
        ...{ flow, messageId, messageNumber, replay, was, flowVersion, captures, receivedAt, owes },
        ...(deviceTime === undefined ? {} : { deviceTime }),
        original: { stream, version },
      };
      return [{ type: "MessageReplayed", data }];
    }
    // Of one that was accepted, what is wrong with it has been said.
    return was === "accepted" && fact.type !== "StoredAttribute" ? [] : [fact];
  });
