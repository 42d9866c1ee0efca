/**
 * The flows that nearly matched a message, and what each lacked, as they were when it was recorded: a flow that has not
 * changed since is taken as it is, of any other the history is read up to the message's position.
 */
import type { EventType, FlowDefinition, NearMiss, RecordedEvent } from "@sluice/contracts";
import {
  type EventStore,
  evolveFlow,
  type FlowState,
  initialFlow,
  isOfBroker,
  parseStream,
  parseTopicFilter,
  type TopicDifference,
  type TopicFilter,
  topicDifference,
} from "@sluice/domain";
import { flowAsOf } from "../flows/flow-history.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";

export interface NearMissDependencies {
  readonly store: EventStore;
  readonly registry: Pick<FlowRegistry, "codes" | "entry">;
}

/** A topic with one level for each device is one level away from every other device's. */
const MOST = 20;
/** Of more changed flows, all changes before the message are read at once. */
const READ_ONE_BY_ONE = 50;
const PAGE = 1_000;
const LIFE: readonly EventType[] = ["FlowDefined", "FlowRevised", "FlowEnabled", "FlowDisabled", "FlowRetired"];

const parsed = new WeakMap<FlowDefinition, TopicFilter>();

const filterOf = (definition: FlowDefinition): TopicFilter => {
  let filter = parsed.get(definition);
  if (filter === undefined) {
    filter = parseTopicFilter(definition.topic);
    parsed.set(definition, filter);
  }
  return filter;
};

export interface NearMisses {
  /** The nearest first. */
  readonly items: NearMiss[];
  /** Of all that there are. */
  readonly count: number;
}

/** `unlike`: characters in which the one level that differs does, roughly; the more alike go first. */
type Found = NearMiss & { readonly unlike: number };

const KINDS: readonly NearMiss["reason"][] = ["skipped", "disabled", "retired", "broker", "hidden", "level", "length"];
/** Bytes of a topic. */
const LONGEST = 65_536;

export const findNearMisses = async (
  received: RecordedEvent<"MessageReceived">,
  matched: ReadonlySet<string>,
  deps: NearMissDependencies,
): Promise<NearMisses> => {
  const found: Found[] = [];
  for (const state of await statesAt(received, matched, deps)) {
    const miss = await missOf(state, received, deps.store);
    if (miss !== null) found.push(miss);
  }
  const rank = ({ reason, unlike }: Found): number => KINDS.indexOf(reason) * LONGEST + Math.min(unlike, LONGEST - 1);
  found.sort((a, b) => rank(a) - rank(b) || (a.flow < b.flow ? -1 : 1));
  return { items: found.slice(0, MOST).map(({ unlike: _, ...miss }) => miss), count: found.length };
};

const statesAt = async (
  received: RecordedEvent<"MessageReceived">,
  matched: ReadonlySet<string>,
  { store, registry }: NearMissDependencies,
): Promise<readonly FlowState[]> => {
  const states: FlowState[] = [];
  const changed: string[] = [];
  for (const code of registry.codes()) {
    const state = registry.entry(code)?.state;
    if (state === undefined || matched.has(code)) continue;
    if (state.updatedAt !== null && state.updatedAt < received.recordedAt) states.push(state);
    else changed.push(code);
  }
  const isBefore = ({ position }: RecordedEvent): boolean => store.compare(position, received.position) < 0;
  if (changed.length > READ_ONE_BY_ONE) {
    const all = await livesBefore(received, store);
    return [...states, ...changed.flatMap((code) => all.get(code) ?? [])];
  }
  for (const code of changed) states.push(await flowAsOf(store, code, isBefore));
  return states;
};

const livesBefore = async (
  { position, recordedAt }: RecordedEvent,
  store: EventStore,
): Promise<ReadonlyMap<string, FlowState>> => {
  const lives = new Map<string, FlowState>();
  let after: string | undefined;
  for (;;) {
    const filter = { types: LIFE, recordedTo: recordedAt };
    const page = await store.readAll({ filter, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const event of page.events) {
      const stream = parseStream(event.stream);
      if (stream?.category !== "flow" || store.compare(event.position, position) > 0) continue;
      lives.set(stream.flow, evolveFlow(lives.get(stream.flow) ?? initialFlow(stream.flow), event));
    }
    if (page.atEnd || page.position === null) return lives;
    after = page.position;
  }
};

const missOf = async (
  state: FlowState,
  received: RecordedEvent<"MessageReceived">,
  store: EventStore,
): Promise<Found | null> => {
  const { definition, status, code } = state;
  if (definition === null || status === "undefined") return null;
  const { topic, broker } = received.data;
  const difference = topicDifference(filterOf(definition), topic);
  if (difference === null) return null;
  const common = { flow: code, topic: definition.topic, flowVersion: state.version, level: null, unlike: 0 };
  if (difference.kind !== "match") {
    // What would not have taken it anyhow is near to nothing.
    if (status !== "enabled" || !isOfBroker(definition, broker)) return null;
    return { ...common, ...explained(difference) };
  }
  if (status !== "enabled") {
    return { ...common, reason: status, detail: `it was ${status} at ${state.updatedAt}` };
  }
  if (!isOfBroker(definition, broker)) {
    const detail = `it takes messages of broker ${definition.broker}, and this one came from ${broker}`;
    return { ...common, reason: "broker", detail };
  }
  return { ...common, ...(await skipOf(code, received, store)) };
};

const explained = (
  difference: Exclude<TopicDifference, { readonly kind: "match" }>,
): Pick<Found, "reason" | "detail"> & Partial<Found> => {
  switch (difference.kind) {
    case "level": {
      const { level, expected, found } = difference;
      const detail = `level ${level} is ${JSON.stringify(found)}, and the filter wants ${JSON.stringify(expected)}`;
      return { reason: "level", level, detail, unlike: unlikeness(found, expected) };
    }
    case "length": {
      const { found, expected, atLeast } = difference;
      const detail = `the topic has ${found} levels, and the filter wants ${atLeast ? "at least " : ""}${expected}`;
      return { reason: "length", detail };
    }
    case "hidden":
      return { reason: "hidden", level: 1, detail: "wildcards at the start of a filter do not see topics with $" };
  }
};

/** The log has skips by flow, moment and topic, and not by message. */
const skipOf = async (
  flow: string,
  { recordedAt, data: { topic } }: RecordedEvent<"MessageReceived">,
  store: EventStore,
): Promise<Pick<NearMiss, "reason" | "detail">> => {
  const filter = { flow, types: ["MessagesSkipped"], recordedFrom: recordedAt, recordedTo: recordedAt } as const;
  const { events } = await store.readAll({ filter, limit: 100 });
  for (const event of events) {
    if (event.type !== "MessagesSkipped" || !event.data.topics.includes(topic)) continue;
    const why = { expired: "it had expired", "retained-repeat": "the flow had this retained message already" };
    return { reason: "skipped", detail: `skipped: ${why[event.data.reason]}` };
  }
  return {
    reason: "skipped",
    detail:
      "the filter matches, and the flow did not record it: the broker sent it to another subscription, or this gateway " +
      "had not learnt of the flow yet",
  };
};

/** What is left of the longer one without the beginning and the end that both have. */
const unlikeness = (one: string, other: string): number => {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end;
};
