/**
 * route → decide, for a batch: which flows each message matches, and the facts that each makes of it, grouped into one
 * append a stream. Applies the facts to the registry's states, because the next message's number depends on them.
 */
import type { EventData, NewEvent } from "@sluice/contracts";
import {
  type Clock,
  capturesOf,
  type DecodedPayload,
  dayOf,
  type ExpectedVersion,
  evolveTraffic,
  type Fact,
  type FlowTraffic,
  type IdSource,
  isCopyFor,
  isExpired,
  isOfBroker,
  type PayloadCodec,
  type ReceivedMessage,
  receiveMessage,
  type StreamAppend,
  trafficPart,
  trafficStream,
} from "@sluice/domain";
import type { FlowEntry, Route } from "../flows/flow-fold.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import { encodeBytes, sha256 } from "./encode-payload.ts";

export interface BatchOrigin {
  readonly source: "mqtt" | "http";
  readonly broker: string;
}

export interface BatchToDecide {
  readonly messages: readonly ReceivedMessage[];
  readonly origin: BatchOrigin;
  /** Ids of the messages, given when first needed: a batch that is decided again keeps them. */
  readonly ids: string[];
  /** Set when the store refused these messages as they are: recorded as rejected, payload cut short. */
  readonly refusedFor?: string;
  /** What the log has of the batch already, by `recordKey`. */
  readonly recorded: ReadonlySet<string>;
}

export interface DecidedBatch {
  readonly appends: readonly StreamAppend[];
  /** In the batch's order; null where no flow matched. */
  readonly messageIds: readonly (string | null)[];
  /** Traffic of the flows once all of it is committed. */
  readonly after: ReadonlyMap<FlowEntry, FlowTraffic>;
  /** Retained messages among it: flow, topic and digest. */
  readonly retained: readonly (readonly [string, string, string])[];
}

/** One message in one flow. */
export const recordKey = (messageId: string, flow: string): string => `${messageId} ${flow}`;

export interface DecideDependencies {
  readonly registry: FlowRegistry;
  readonly codec: PayloadCodec;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** Others may write to the log. */
  readonly sharedLog: boolean;
  /** Payloads over this many bytes are kept only in part. */
  readonly maxPayloadBytes: number;
}

interface OpenAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: NewEvent[];
}

type SkipReason = EventData<"MessagesSkipped">["reason"];

/** Messages of one flow that are not recorded, by why. */
class Skips {
  readonly #found = new Map<FlowEntry, Map<SkipReason, { count: number; readonly topics: Set<string> }>>();

  add(entry: FlowEntry, reason: SkipReason, topic: string): void {
    const reasons = this.#found.get(entry) ?? new Map();
    this.#found.set(entry, reasons);
    const skipped = reasons.get(reason) ?? { count: 0, topics: new Set() };
    reasons.set(reason, skipped);
    skipped.count += 1;
    if (skipped.topics.size < TOPICS_SHOWN) skipped.topics.add(topic);
  }

  *facts(): Generator<readonly [FlowEntry, Fact]> {
    for (const [entry, reasons] of this.#found) {
      for (const [reason, { count, topics }] of reasons) {
        const data = { flow: entry.state.code, reason, count, topics: [...topics] };
        yield [entry, { type: "MessagesSkipped", data }];
      }
    }
  }
}

const NO_METADATA = {};
const TOPICS_SHOWN = 10;
const KEPT_OF_REFUSED = 1_024;

const refused = (message: string): DecodedPayload => ({
  ok: false,
  errors: [{ pointer: "", keyword: "size", message }],
});

/** The day's stream, or the newest one that the flow has: a clock that goes back must not reopen an older bucket. */
const bucketFor = (entry: FlowEntry, receivedAt: string): string => {
  const { code, traffic } = entry.state;
  const bucket = trafficStream(code, dayOf(receivedAt));
  return traffic !== null && traffic.stream > bucket ? traffic.stream : bucket;
};

export const decideBatch = (
  deps: DecideDependencies,
  { messages, origin, ids, refusedFor, recorded }: BatchToDecide,
): DecidedBatch => {
  const open = new Map<FlowEntry, OpenAppend>();
  const finished: OpenAppend[] = [];
  const skips = new Skips();
  const retained: [string, string, string][] = [];
  const messageIds: (string | null)[] = [];

  const eventOf = (fact: Fact): NewEvent =>
    ({
      id: deps.ids.next(),
      type: fact.type,
      schemaVersion: 1,
      data: fact.data,
      metadata: NO_METADATA,
    }) as NewEvent;

  /** The flow goes on in another bucket: the one before gets its last event. */
  const closeBucket = ({ state }: FlowEntry, last: OpenAppend | undefined, next: string): void => {
    const event = eventOf({ type: "TrafficContinued", data: { flow: state.code, next } });
    if (last !== undefined) last.events.push(event);
    else if (state.traffic !== null) {
      finished.push({ stream: state.traffic.stream, expected: state.traffic.version, events: [event] });
    }
  };

  const record = (entry: FlowEntry, receivedAt: string, facts: readonly Fact[]): void => {
    const { traffic } = entry.state;
    const stream = bucketFor(entry, receivedAt);
    let append = open.get(entry);
    if (append === undefined || append.stream !== stream) {
      if (deps.sharedLog && traffic?.stream !== stream) closeBucket(entry, append, stream);
      if (append !== undefined) finished.push(append);
      append = { stream, expected: traffic?.stream === stream ? traffic.version : "none", events: [] };
      open.set(entry, append);
    }
    let { state } = entry;
    for (const fact of facts) {
      append.events.push(eventOf(fact));
      state = evolveTraffic(state, fact);
    }
    const base = typeof append.expected === "number" ? append.expected : 0;
    entry.state = { ...state, traffic: { stream, version: base + append.events.length } };
  };

  for (const message of messages) {
    const matches = deps.registry
      .match(message.topic)
      .filter(
        ({ route }) =>
          route !== null && isOfBroker(route.definition, origin.broker) && isCopyFor(route.filter, message.copyFor),
      );
    if (matches.length === 0) {
      messageIds.push(null);
      continue;
    }
    const index = messageIds.length;
    const messageId = ids[index] ?? deps.ids.next();
    ids[index] = messageId;
    const receivedAt = new Date(message.receivedAt).toISOString();
    const size = message.payloadLength ?? message.payload.byteLength;
    const fault =
      refusedFor !== undefined
        ? `the event log refuses this message: ${refusedFor}`
        : size > deps.maxPayloadBytes
          ? `${size} bytes, at most ${deps.maxPayloadBytes} are accepted`
          : null;
    const decoded = fault === null ? deps.codec.decode(message.payload) : refused(fault);
    const kept = refusedFor === undefined ? deps.maxPayloadBytes : KEPT_OF_REFUSED;
    const whole = size <= kept;
    const payload = encodeBytes(whole ? message.payload : message.payload.subarray(0, kept));
    const payloadDigest = message.retain ? sha256(message.payload) : undefined;
    const expired = message.properties !== undefined && isExpired(message, deps.clock.now());
    let isRecorded = false;

    for (const entry of matches) {
      const { definition, filter, validate } = entry.route as Route;
      if (recorded.size > 0 && recorded.has(recordKey(messageId, entry.state.code))) {
        isRecorded = true;
        continue;
      }
      if (expired) {
        skips.add(entry, "expired", message.topic);
        continue;
      }
      if (
        payloadDigest !== undefined &&
        deps.registry.retained.isRepeat(entry.state.code, message.topic, payloadDigest)
      ) {
        skips.add(entry, "retained-repeat", message.topic);
        continue;
      }
      const facts = receiveMessage(entry.state, definition, {
        messageId,
        source: origin.source,
        broker: origin.broker,
        topic: message.topic,
        captures: capturesOf(filter, message.topic) ?? {},
        payload,
        ...(whole ? {} : { payloadSize: size }),
        ...(payloadDigest === undefined ? {} : { payloadDigest }),
        qos: message.qos,
        retain: message.retain,
        dup: message.dup,
        ...(message.properties === undefined ? {} : { properties: message.properties }),
        receivedAt,
        decoded,
        errors: decoded.ok ? validate(decoded.value) : [],
      });
      record(entry, receivedAt, facts);
      isRecorded = true;
      if (payloadDigest !== undefined) {
        deps.registry.retained.decide(entry.state.code, message.topic, payloadDigest);
        retained.push([entry.state.code, message.topic, payloadDigest]);
      }
    }
    messageIds.push(isRecorded ? messageId : null);
  }

  const now = new Date(deps.clock.now()).toISOString();
  for (const [entry, fact] of skips.facts()) record(entry, now, [fact]);
  const after = new Map([...open.keys()].map((entry) => [entry, trafficPart(entry.state)]));
  return { appends: [...finished, ...open.values()], messageIds, after, retained };
};
