/**
 * What one sample message would do, without doing it: decoded, validated and decided by what ingest uses, on the flow as
 * it is now. A disabled flow is tested as if it were enabled.
 */
import { requestHeaders } from "@sluice/adapter-http";
import type {
  EncodedBytes,
  FlowDefinition,
  FlowTestRequest,
  FlowTestResult,
  PostEndpointAction,
  ValidationError,
} from "@sluice/contracts";
import {
  attributeText,
  type Clock,
  capturesOf,
  deliveryId,
  type Fact,
  type FlowState,
  type IdSource,
  isValidTopicName,
  type PayloadCodec,
  type PayloadValidator,
  parseTopicFilter,
  type RetainedTopics,
  receiveMessage,
  type TopicFilter,
} from "@sluice/domain";
import { encodeBytes, sha256 } from "../ingest/encode-payload.ts";
import { verdictOf } from "../messages/verdict.ts";
import { compileSchema } from "./flow-routes.ts";

export interface FlowTesterDependencies {
  readonly codec: PayloadCodec;
  readonly validator: PayloadValidator;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly retained: RetainedTopics;
}

/** The sample is none: what is wrong with it, by pointers into the request. */
export class BadSample extends Error {
  override readonly name = "BadSample";
  readonly errors: readonly ValidationError[];
  constructor(pointer: string, keyword: string, message: string) {
    super(message);
    this.errors = [{ pointer, keyword, message }];
  }
}

const NOTHING: FlowTestResult = {
  matched: false,
  captures: {},
  verdict: null,
  errors: [],
  rows: [],
  requests: [],
  events: [],
};

/** @throws BadSample */
export const testFlow = (deps: FlowTesterDependencies, state: FlowState, sample: FlowTestRequest): FlowTestResult => {
  const definition = state.definition as FlowDefinition;
  const filter = parseTopicFilter(definition.topic);
  const topic = topicOf(sample, filter);
  const bytes = bytesOf(sample);
  const captures = capturesOf(filter, topic);
  if (captures === null) return NOTHING;

  const retain = sample.retain ?? false;
  const payloadDigest = retain ? sha256(bytes) : undefined;
  if (payloadDigest !== undefined && deps.retained.isRepeat(state.code, topic, payloadDigest)) {
    const data = { flow: state.code, reason: "retained-repeat", count: 1, topics: [topic] };
    return { ...NOTHING, matched: true, captures, events: [{ type: "MessagesSkipped", data }] };
  }

  const messageId = deps.ids.next();
  const decoded = deps.codec.decode(bytes);
  const facts = receiveMessage(state, definition, {
    messageId,
    source: "http",
    broker: definition.broker,
    topic,
    captures,
    payload: encodeBytes(bytes),
    ...(payloadDigest === undefined ? {} : { payloadDigest }),
    qos: sample.qos ?? definition.qos,
    retain,
    dup: false,
    receivedAt: new Date(deps.clock.now()).toISOString(),
    decoded,
    errors: decoded.ok ? compileSchema(definition, deps.validator)(decoded.value) : [],
  });
  return {
    matched: true,
    captures,
    ...verdictOf(facts),
    rows: rowsOf(facts),
    requests: requestsOf(facts, definition, messageId, encodeBytes(bytes)),
    events: facts.map(({ type, data }) => ({ type, data })),
  };
};

const topicOf = (sample: FlowTestRequest, filter: TopicFilter): string => {
  if (sample.topic !== undefined) {
    if (isValidTopicName(sample.topic)) return sample.topic;
    throw new BadSample("/topic", "topic", "is not a topic that can be published to");
  }
  if (isValidTopicName(filter.filter)) return filter.filter;
  throw new BadSample("/topic", "required", `is needed: ${filter.filter} has wildcards`);
};

const bytesOf = ({ payload, payloadEncoding = "json" }: FlowTestRequest): Buffer => {
  if (payloadEncoding === "json") return Buffer.from(JSON.stringify(payload));
  if (typeof payload !== "string") throw new BadSample("/payload", "type", `must be text, as ${payloadEncoding}`);
  const bytes = Buffer.from(payload, payloadEncoding);
  if (payloadEncoding === "base64" && bytes.toString("base64") !== payload) {
    throw new BadSample("/payload", "contentEncoding", "is not base64");
  }
  return bytes;
};

const rowsOf = (facts: readonly Fact[]): FlowTestResult["rows"] =>
  facts
    .filter((fact) => fact.type === "StoredAttribute")
    .map(({ data }) => ({
      attribute: data.attribute,
      valueType: data.valueType,
      value: data.value,
      text: attributeText(data),
    }));

const requestsOf = (
  facts: readonly Fact[],
  definition: FlowDefinition,
  messageId: string,
  body: EncodedBytes,
): FlowTestResult["requests"] => {
  const owes = facts.flatMap((fact) => (fact.type === "MessageReceived" ? fact.data.owes : []));
  const owed = new Set(owes.map(({ action }) => action));
  return definition.actions
    .filter((action): action is PostEndpointAction => action.type === "POST_ENDPOINT" && owed.has(action.id))
    .map((action) => {
      const idempotencyKey = deliveryId({ messageId, flow: definition.code, action: action.id });
      const headers = requestHeaders({ headers: action.headers, idempotencyKey });
      return { action: action.id, method: "POST", url: action.url, headers, body };
    });
};
