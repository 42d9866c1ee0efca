/**
 * What one flow makes of one message: the facts, and nothing else. Every message, good or bad, becomes exactly one
 * `MessageReceived` with the flow's next number; a rejected one also exactly one `ValidationFailed` and owes nothing.
 */
import type { EncodedBytes, FlowDefinition, PublishProperties, QoS, ValidationError } from "@sluice/contracts";
import type { Fact, FlowState } from "../flow/flow.ts";
import { appendPointer } from "../json-pointer.ts";
import type { DecodedPayload } from "../ports/payload.ts";
import { extractAttributes } from "./attributes.ts";
import { deviceTimeOf } from "./device-time.ts";
import { type Breach, findBreaches } from "./thresholds.ts";

export interface IncomingMessage {
  readonly messageId: string;
  readonly source: "mqtt" | "http" | "replay";
  /** Of the replay that it comes from. */
  readonly replay?: string;
  readonly broker: string;
  readonly topic: string;
  readonly captures: Readonly<Record<string, string>>;
  readonly payload: EncodedBytes;
  readonly payloadSize?: number;
  readonly payloadDigest?: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly properties?: PublishProperties;
  /** RFC 3339 UTC. */
  readonly receivedAt: string;
  readonly decoded: DecodedPayload;
  /** What the flow's schema says of the decoded value; empty where there is none. */
  readonly errors: readonly ValidationError[];
}

const breachError = ({ threshold, value }: Breach): ValidationError => ({
  pointer: appendPointer("", threshold.attribute),
  keyword: "threshold",
  message: `${value} is not within ${threshold.min ?? "-∞"} to ${threshold.max ?? "∞"}`,
});

/**
 * One row a member: without a bound, 1 MiB of `{"a":1,"b":1,…}` from one hostile device would be 100,000 rows.
 */
export const MAX_ATTRIBUTES = 1_000;

const tooManyAttributes = (definition: FlowDefinition, decoded: DecodedPayload): readonly ValidationError[] => {
  if (!decoded.ok || typeof decoded.value !== "object" || decoded.value === null || Array.isArray(decoded.value))
    return [];
  const stores = definition.actions.some((action) => action.type === "STORE_DB" && action.attributes === undefined);
  const members = stores ? Object.keys(decoded.value).length : 0;
  if (members <= MAX_ATTRIBUTES) return [];
  return [{ pointer: "", keyword: "maxProperties", message: `${members} attributes are more than ${MAX_ATTRIBUTES}` }];
};

/** @param definition of the flow, living; `state.version` is recorded as the definition's version */
export const receiveMessage = (
  state: FlowState,
  definition: FlowDefinition,
  message: IncomingMessage,
): readonly Fact[] => {
  const { decoded } = message;
  const common = {
    flow: state.code,
    messageId: message.messageId,
    messageNumber: state.lastMessageNumber + 1,
  };
  const breaches = decoded.ok ? findBreaches(definition.thresholds, decoded.value) : [];
  const rejectingBreaches = breaches.filter((breach) => breach.threshold.onBreach === "reject");
  const invalid = decoded.ok ? message.errors : decoded.errors;
  const excess = tooManyAttributes(definition, decoded);
  const rejected =
    !decoded.ok ||
    excess.length > 0 ||
    rejectingBreaches.length > 0 ||
    (invalid.length > 0 && definition.payload.onInvalid === "reject");
  const errors = [...invalid, ...excess, ...rejectingBreaches.map(breachError)];

  const deviceTime =
    decoded.ok && definition.payload.timestamp ? deviceTimeOf(decoded.value, definition.payload.timestamp) : undefined;
  const times = { receivedAt: message.receivedAt, ...(deviceTime === undefined ? {} : { deviceTime }) };

  const facts: Fact[] = [
    {
      type: "MessageReceived",
      data: {
        ...common,
        flowVersion: state.version,
        source: message.source,
        broker: message.broker,
        topic: message.topic,
        captures: message.captures,
        qos: message.qos,
        retain: message.retain,
        dup: message.dup,
        ...(message.properties === undefined ? {} : { properties: message.properties }),
        payload: message.payload,
        ...(message.payloadSize === undefined ? {} : { payloadSize: message.payloadSize }),
        ...(message.payloadDigest === undefined ? {} : { payloadDigest: message.payloadDigest }),
        ...times,
        ...(message.replay === undefined ? {} : { replay: message.replay }),
        owes: rejected ? [] : definition.actions.map((action) => ({ action: action.id, type: action.type })),
      },
    },
  ];
  for (const { threshold, value } of breaches) {
    facts.push({
      type: "ThresholdBreached",
      data: {
        ...common,
        attribute: threshold.attribute,
        value,
        ...(threshold.min === undefined ? {} : { min: threshold.min }),
        ...(threshold.max === undefined ? {} : { max: threshold.max }),
        disposition: threshold.onBreach === "reject" ? "rejected" : "flagged",
      },
    });
  }
  if (errors.length > 0) {
    facts.push({
      type: "ValidationFailed",
      data: { ...common, disposition: rejected ? "rejected" : "flagged", errors },
    });
  }
  if (rejected || !decoded.ok) return facts;

  for (const action of definition.actions) {
    if (action.type !== "STORE_DB") continue;
    for (const attribute of extractAttributes(decoded.exact, action)) {
      facts.push({ type: "StoredAttribute", data: { ...common, action: action.id, ...attribute, ...times } });
    }
  }
  return facts;
};
