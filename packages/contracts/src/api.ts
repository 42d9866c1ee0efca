/** Bodies and queries of the admin API. The same schemas validate, type the handlers and make the OpenAPI document. */
import { type Static, Type } from "typebox";
import { EncodedBytes, EventEnvelope, MessageId, ValidationError, ValueType } from "./events.ts";
import { FlowCode, FlowDefinition, QoS } from "./flow-definition.ts";

const Instant = Type.String({ format: "date-time" });
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const Paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  after: Type.Optional(Type.String({ description: "The `next` of the page before." })),
};
const page = <T extends Parameters<typeof Type.Array>[0]>(items: T, $id: string) =>
  Type.Object({ items: Type.Array(items), next: Nullable(Type.String()) }, { $id });

/** A date-time with zone, or a date: the start of that day as `from`, its last instant as `to` (UTC). */
const TimeBound = Type.Union([Type.String({ format: "date-time" }), Type.String({ format: "date" })]);
const timeRange = { from: Type.Optional(TimeBound), to: Type.Optional(TimeBound) };

export const FlowCounters = Type.Object({
  received: Type.Integer(),
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  flagged: Type.Integer(),
  breached: Type.Integer(),
  skipped: Type.Integer(),
});
export type FlowCounters = Static<typeof FlowCounters>;

/** accepted = done + pending + dead + discarded, at every moment. */
export const ActionCounts = Type.Object({
  action: Type.String(),
  accepted: Type.Integer({ description: "Accepted messages that this action owes." }),
  done: Type.Integer(),
  pending: Type.Integer(),
  dead: Type.Integer(),
  discarded: Type.Integer(),
});
export type ActionCounts = Static<typeof ActionCounts>;

export const FlowView = Type.Object(
  {
    ...FlowDefinition.properties,
    enabled: Type.Boolean(),
    version: Type.Integer({ description: "Counts every change of the flow; the ETag is made from it." }),
    createdAt: Instant,
    updatedAt: Instant,
    lastMessageNumber: Type.Integer(),
    lastReceivedAt: Nullable(Instant),
    counters: FlowCounters,
    actionCounts: Type.Array(ActionCounts),
  },
  { $id: "Flow" },
);
export type FlowView = Static<typeof FlowView>;
export const FlowPage = page(Type.Ref("Flow"), "FlowPage");

export const FlowHistoryItem = Type.Object(
  {
    version: Type.Integer(),
    type: Type.String(),
    at: Instant,
    position: Type.String(),
    actor: Nullable(Type.String()),
    definition: Nullable(FlowDefinition),
    changes: Type.Array(
      Type.Object({
        pointer: Type.String(),
        before: Type.Optional(Type.Unknown()),
        after: Type.Optional(Type.Unknown()),
      }),
    ),
  },
  { $id: "FlowHistoryItem" },
);
export type FlowHistoryItem = Static<typeof FlowHistoryItem>;

export const FlowTestRequest = Type.Object(
  {
    topic: Type.Optional(
      Type.String({ minLength: 1, description: "Default: the flow's own topic if it has no wildcard." }),
    ),
    payload: Type.Unknown({ description: "A JSON value; or text or base64 with payloadEncoding." }),
    payloadEncoding: Type.Optional(
      Type.Union([Type.Literal("json"), Type.Literal("utf8"), Type.Literal("base64")], { default: "json" }),
    ),
    qos: Type.Optional(QoS),
    retain: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, $id: "FlowTestRequest" },
);
export type FlowTestRequest = Static<typeof FlowTestRequest>;

export const FlowTestResult = Type.Object(
  {
    matched: Type.Boolean(),
    captures: Type.Record(Type.String(), Type.String()),
    verdict: Type.Union([Type.Literal("accepted"), Type.Literal("flagged"), Type.Literal("rejected"), Type.Null()]),
    errors: Type.Array(ValidationError),
    rows: Type.Array(
      Type.Object({ attribute: Type.String(), valueType: ValueType, value: Type.Unknown(), text: Type.String() }),
    ),
    requests: Type.Array(
      Type.Object({
        action: Type.String(),
        method: Type.String(),
        url: Type.String(),
        headers: Type.Record(Type.String(), Type.String()),
        body: EncodedBytes,
      }),
    ),
    events: Type.Array(Type.Object({ type: Type.String(), data: Type.Unknown() })),
  },
  { $id: "FlowTestResult" },
);
export type FlowTestResult = Static<typeof FlowTestResult>;

export const EventQuery = Type.Object({
  flow: Type.Optional(FlowCode),
  stream: Type.Optional(Type.String()),
  type: Type.Optional(Type.String({ description: "One event type, or several with commas." })),
  messageId: Type.Optional(MessageId),
  ...timeRange,
  order: Type.Optional(Type.Union([Type.Literal("asc"), Type.Literal("desc")], { default: "asc" })),
  ...Paging,
});
export const EventPage = page(EventEnvelope, "EventPage");

export const DataQuery = Type.Object({
  flow: Type.Optional(FlowCode),
  attribute: Type.Optional(Type.String()),
  messageId: Type.Optional(MessageId),
  ...timeRange,
  order: Type.Optional(Type.Union([Type.Literal("asc"), Type.Literal("desc")], { default: "asc" })),
  ...Paging,
});
export const DataItem = Type.Object(
  {
    id: Type.String(),
    flow: Type.String(),
    attribute: Type.String(),
    value: Type.Unknown(),
    valueType: ValueType,
    text: Type.String({ description: "The exact text of the value." }),
    messageId: Nullable(Type.String()),
    messageNumber: Type.Integer(),
    receivedAt: Instant,
    deviceTime: Nullable(Instant),
    eventId: Nullable(Type.String()),
  },
  { $id: "DataItem" },
);
export type DataItem = Static<typeof DataItem>;
export const DataPage = page(DataItem, "DataPage");

export const DeadLetterKind = Type.Union([Type.Literal("delivery"), Type.Literal("row")]);
const deadLetterFilter = {
  flow: Type.Optional(FlowCode),
  action: Type.Optional(Type.String()),
  kind: Type.Optional(DeadLetterKind),
};
export const DeadLetterQuery = Type.Object({ ...deadLetterFilter, ...Paging });
export const DeadLetter = Type.Object(
  {
    id: Type.String(),
    kind: DeadLetterKind,
    flow: Type.String(),
    action: Type.String(),
    messageId: Type.String(),
    messageNumber: Type.Integer(),
    attribute: Nullable(Type.String()),
    reason: Type.String(),
    attempts: Type.Integer(),
    deadAt: Instant,
    eventId: Type.String({
      description:
        "The event behind it: DeliveryDeadLettered, or for a row the StoredAttribute that it could not store.",
    }),
  },
  { $id: "DeadLetter" },
);
export type DeadLetter = Static<typeof DeadLetter>;
export const DeadLetterPage = page(DeadLetter, "DeadLetterPage");
export const DeadLetterCommand = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 1000 })),
    filter: Type.Optional(Type.Object(deadLetterFilter, { additionalProperties: false })),
    reason: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false, $id: "DeadLetterCommand" },
);
export type DeadLetterCommand = Static<typeof DeadLetterCommand>;
export const DeadLetterResult = Type.Object({ count: Type.Integer() }, { $id: "DeadLetterResult" });

export const MessageStory = Type.Object(
  {
    messageId: Type.String(),
    topic: Type.String(),
    broker: Type.String(),
    receivedAt: Instant,
    payload: EncodedBytes,
    flows: Type.Array(
      Type.Object({
        flow: Type.String(),
        messageNumber: Type.Integer(),
        flowVersion: Type.Integer(),
        captures: Type.Record(Type.String(), Type.String()),
        verdict: Type.Union([Type.Literal("accepted"), Type.Literal("flagged"), Type.Literal("rejected")]),
        errors: Type.Array(ValidationError),
        rows: Type.Array(Type.Ref("DataItem")),
        deliveries: Type.Array(
          Type.Object({
            action: Type.String(),
            state: Type.Enum(["pending", "done", "dead", "discarded"]),
            url: Nullable(Type.String()),
            attempts: Type.Integer(),
            status: Nullable(Type.Integer()),
            reason: Nullable(Type.String()),
            at: Nullable(Instant),
          }),
        ),
      }),
    ),
    events: Type.Array(EventEnvelope),
  },
  { $id: "MessageStory" },
);
export type MessageStory = Static<typeof MessageStory>;

export const HealthStatus = Type.Union([Type.Literal("healthy"), Type.Literal("degraded"), Type.Literal("unhealthy")]);
export const HealthReport = Type.Object(
  {
    status: HealthStatus,
    client_id: Type.String(),
    reasons: Type.Array(Type.Object({ code: Type.String(), status: HealthStatus, message: Type.String() })),
    brokers: Type.Array(
      Type.Object({
        name: Type.String(),
        url: Type.String({ description: "Without credentials." }),
        connected: Type.Boolean(),
        protocolVersion: Nullable(Type.Integer()),
        subscriptions: Type.Integer(),
        currentBackoffSeconds: Type.Number(),
        lastError: Nullable(Type.String()),
      }),
    ),
    log: Type.Object({
      writable: Type.Boolean(),
      head: Nullable(Type.String()),
      unacknowledged: Type.Integer({ description: "Messages received and not yet committed." }),
      lastError: Nullable(Type.String()),
    }),
    sinks: Type.Array(
      Type.Object({
        name: Type.String(),
        status: HealthStatus,
        lagEvents: Type.Integer(),
        lagSeconds: Type.Number({ description: "Age of the oldest event not yet handled." }),
        pending: Type.Integer(),
        oldestPendingSeconds: Type.Number({ description: "Age of the oldest delivery not yet done." }),
        dead: Type.Integer(),
        lastError: Nullable(Type.String()),
      }),
    ),
    statistics: Type.Object({
      connected: Type.Boolean(),
      current_backoff_seconds: Type.Number(),
      offline_queue: Type.Object({
        total_messages: Type.Integer(),
        by_priority: Type.Record(Type.String(), Type.Integer()),
        oldest_message_age_seconds: Nullable(Type.Number()),
        capacity_used_percent: Type.Number(),
      }),
      inflight_messages: Type.Integer(),
      tls_enabled: Type.Boolean(),
      active_subscriptions: Type.Integer(),
    }),
  },
  { $id: "Health" },
);
export type HealthReport = Static<typeof HealthReport>;
