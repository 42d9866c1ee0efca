/**
 * route → decide, for a batch: which flows each message matches, and the facts that each makes of it.
 */
import type { EventData } from "@sluice/contracts";
import {
  type Clock,
  capturesOf,
  type DecodedPayload,
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
} from "@sluice/domain";
import type { FlowEntry, Route } from "../flows/flow-fold.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import { encodeBytes, sha256 } from "./encode-payload.ts";
import { TrafficAppends } from "./traffic-appends.ts";

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
  /** Others may write to the log, if only an earlier run of this gateway. */
  readonly sharedLog: boolean;
  /** Payloads over this many bytes are kept only in part. */
  readonly maxPayloadBytes: number;
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

const TOPICS_SHOWN = 10;
/** Bytes of the payload, and characters of the store's reason. */
const KEPT_OF_REFUSED = 1_024;

const refused = (message: string): DecodedPayload => ({
  ok: false,
  errors: [{ pointer: "", keyword: "size", message }],
});

export const decideBatch = (
  deps: DecideDependencies,
  { messages, origin, ids, refusedFor, recorded }: BatchToDecide,
): DecidedBatch => {
  const traffic = new TrafficAppends(deps);
  const skips = new Skips();
  const retained: [string, string, string][] = [];
  const messageIds: (string | null)[] = [];

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
        ? `the event log refuses this message: ${refusedFor.slice(0, KEPT_OF_REFUSED)}`
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
        // They may be what the store refuses: a publisher's own may have any size.
        ...(message.properties === undefined || refusedFor !== undefined ? {} : { properties: message.properties }),
        receivedAt,
        decoded,
        errors: decoded.ok ? validate(decoded.value) : [],
      });
      traffic.record(entry, receivedAt, facts);
      isRecorded = true;
      if (payloadDigest !== undefined) {
        deps.registry.retained.decide(entry.state.code, message.topic, payloadDigest);
        retained.push([entry.state.code, message.topic, payloadDigest]);
      }
    }
    messageIds.push(isRecorded ? messageId : null);
  }

  const now = new Date(deps.clock.now()).toISOString();
  for (const [entry, fact] of skips.facts()) traffic.record(entry, now, [fact]);
  return { ...traffic.finish(), messageIds, retained };
};
