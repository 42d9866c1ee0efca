/**
 * route → decide, for a batch: which flows each message matches, and the facts that each makes of it, grouped into one
 * append a stream. Applies the facts to the registry's states, because the next message's number depends on them.
 */
import type { NewEvent } from "@sluice/contracts";
import {
  type Clock,
  capturesOf,
  type DecodedPayload,
  dayOf,
  type ExpectedVersion,
  evolveTraffic,
  type Fact,
  type IdSource,
  isOfBroker,
  type PayloadCodec,
  type ReceivedMessage,
  receiveMessage,
  type StreamAppend,
  trafficStream,
} from "@sluice/domain";
import type { FlowEntry, FlowRegistry, Route } from "../flows/flow-registry.ts";
import { encodeBytes, sha256 } from "./encode-payload.ts";

export interface BatchOrigin {
  readonly source: "mqtt" | "http";
  readonly broker: string;
}

export interface DecidedBatch {
  readonly appends: readonly StreamAppend[];
  /** Id that each message was given, in the batch's order; null where no flow matched. */
  readonly messageIds: readonly (string | null)[];
  readonly events: number;
}

export interface DecideDependencies {
  readonly registry: FlowRegistry;
  readonly codec: PayloadCodec;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** Payloads over this many bytes are kept only in part. */
  readonly maxPayloadBytes: number;
}

interface OpenAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: NewEvent[];
}

interface Skipped {
  count: number;
  readonly topics: Set<string>;
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

/** @param refusedFor set when the store refused these messages as they are: recorded as rejected, payload cut short */
export const decideBatch = (
  deps: DecideDependencies,
  messages: readonly ReceivedMessage[],
  origin: BatchOrigin,
  refusedFor?: string,
): DecidedBatch => {
  const open = new Map<FlowEntry, OpenAppend>();
  const finished: OpenAppend[] = [];
  const skipped = new Map<FlowEntry, Skipped>();
  const messageIds: (string | null)[] = [];
  let events = 0;

  const record = (entry: FlowEntry, receivedAt: string, facts: readonly Fact[]): void => {
    const { traffic } = entry.state;
    const stream = bucketFor(entry, receivedAt);
    let append = open.get(entry);
    if (append === undefined || append.stream !== stream) {
      if (append !== undefined) finished.push(append);
      append = { stream, expected: traffic?.stream === stream ? traffic.version : "none", events: [] };
      open.set(entry, append);
    }
    let { state } = entry;
    for (const fact of facts) {
      append.events.push({
        id: deps.ids.next(),
        type: fact.type,
        schemaVersion: 1,
        data: fact.data,
        metadata: NO_METADATA,
      } as NewEvent);
      state = evolveTraffic(state, fact);
    }
    const base = typeof append.expected === "number" ? append.expected : 0;
    entry.state = { ...state, traffic: { stream, version: base + append.events.length } };
    events += facts.length;
  };

  for (const message of messages) {
    const matches = deps.registry
      .match(message.topic)
      .filter(({ route }) => route !== null && isOfBroker(route.definition, origin.broker));
    if (matches.length === 0) {
      messageIds.push(null);
      continue;
    }
    const messageId = deps.ids.next();
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
    let recorded = false;

    for (const entry of matches) {
      const { definition, filter, validate } = entry.route as Route;
      if (
        payloadDigest !== undefined &&
        deps.registry.retained.isRepeat(entry.state.code, message.topic, payloadDigest)
      ) {
        const repeat = skipped.get(entry) ?? { count: 0, topics: new Set() };
        repeat.count += 1;
        if (repeat.topics.size < TOPICS_SHOWN) repeat.topics.add(message.topic);
        skipped.set(entry, repeat);
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
      recorded = true;
      if (payloadDigest !== undefined) deps.registry.retained.record(entry.state.code, message.topic, payloadDigest);
    }
    messageIds.push(recorded ? messageId : null);
  }

  for (const [entry, repeat] of skipped) {
    record(entry, new Date(deps.clock.now()).toISOString(), [
      {
        type: "MessagesSkipped",
        data: { flow: entry.state.code, reason: "retained-repeat", count: repeat.count, topics: [...repeat.topics] },
      },
    ]);
  }
  return { appends: [...finished, ...open.values()], messageIds, events };
};
