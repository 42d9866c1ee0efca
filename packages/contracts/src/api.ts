/** Bodies and queries of the admin API. The same schemas validate, type the handlers and make the OpenAPI document. */
import { type Static, type TSchema, Type } from "typebox";
import { EncodedBytes, EventEnvelope, MessageId, ValidationError, ValueType } from "./events.ts";
import { ActionType, FlowCode, FlowDefinition, FlowDefinitionInput, QoS } from "./flow-definition.ts";
import { Problem } from "./problems.ts";

const Instant = Type.String({ format: "date-time" });
const Nullable = <T extends TSchema>(schema: T, options = {}) => Type.Union([schema, Type.Null()], options);

/** Refers to a named schema, which is one component of the OpenAPI document wherever it is used. */
export const ref = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Static<T>>(Type.Ref(`${(schema as { $id?: string }).$id}#`));

const strict = { additionalProperties: false } as const;
export const Paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "Items at the most." })),
  after: Type.Optional(Type.String({ minLength: 1, description: "The `next` of the page before." })),
};
const Order = (first: string) =>
  Type.Optional(
    Type.Union([Type.Literal("asc"), Type.Literal("desc")], { default: "asc", description: `asc: ${first} first.` }),
  );
const page = <T extends TSchema>(items: T, $id: string) =>
  Type.Object(
    {
      items: Type.Array(items),
      next: Nullable(Type.String(), {
        description:
          "Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than " +
          "`limit`, even none, and still have a `next`: a server does not search or collect without end.",
      }),
    },
    { $id },
  );

/** RFC 3339 with a zone, or a date; the handler parses it. */
const TimeBound = (description: string) =>
  Type.String({ description, examples: ["2026-01-31", "2026-01-31T12:00:00.000Z"] });
const timeRange = (of: string) => ({
  from: Type.Optional(TimeBound(`Earliest ${of}, inclusive; a date is the start of that day (UTC).`)),
  to: Type.Optional(TimeBound(`Latest ${of}, inclusive; a date is the last instant of that day (UTC).`)),
});

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
export const FlowPage = page(ref(FlowView), "FlowPage");
export const FlowListQuery = Type.Object({ ...Paging }, strict);

export const FlowQuery = Type.Object(
  {
    at: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The flow as it was then: RFC 3339 with a zone, a date for its last instant (UTC), or a `position` of the log.",
      }),
    ),
  },
  strict,
);

export const FlowAt = Type.Object(
  {
    ...FlowDefinition.properties,
    enabled: Type.Boolean(),
    version: Type.Integer({ description: "The version that the flow was at then." }),
    createdAt: Instant,
    updatedAt: Instant,
  },
  {
    $id: "FlowAt",
    description: "A flow's definition and state at an earlier moment; its counters are only known for now.",
  },
);
export type FlowAt = Static<typeof FlowAt>;

const serverSet = [
  "version",
  "createdAt",
  "updatedAt",
  "lastMessageNumber",
  "lastReceivedAt",
  "counters",
  "actionCounts",
] as const satisfies readonly (keyof FlowView)[];
/** Members of a flow that only the server sets. */
export const serverSetMembers: readonly string[] = serverSet;
const readOnly = Type.Optional(Type.Unknown({ readOnly: true, description: "Ignored." }));
/** What `GET` answers can be sent back with a change: members that only the server sets are ignored. */
export const FlowInput = Type.Object(
  {
    ...FlowDefinitionInput.properties,
    ...(Object.fromEntries(serverSet.map((member) => [member, readOnly])) as Record<
      (typeof serverSet)[number],
      typeof readOnly
    >),
  },
  { ...strict, $id: "FlowInput" },
);

export const FlowHistoryItem = Type.Object(
  {
    version: Type.Integer(),
    type: Type.String(),
    at: Instant,
    position: Type.String(),
    actor: Nullable(Type.String()),
    definition: Nullable(ref(FlowDefinition), {
      description: "As it was after the change; null: the flow was retired.",
    }),
    changes: Type.Array(
      Type.Object({
        pointer: Type.String({ description: "Into the definition with `enabled`; empty for the whole." }),
        before: Type.Optional(Type.Unknown({ description: "Absent: there was nothing." })),
        after: Type.Optional(Type.Unknown({ description: "Absent: there is nothing any more." })),
      }),
    ),
  },
  { $id: "FlowHistoryItem" },
);
export type FlowHistoryItem = Static<typeof FlowHistoryItem>;
export const FlowHistoryPage = page(ref(FlowHistoryItem), "FlowHistoryPage");
export const FlowHistoryQuery = Type.Object({ ...Paging }, strict);

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
  { ...strict, $id: "FlowTestRequest" },
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

export const EventQuery = Type.Object(
  {
    flow: Type.Optional(FlowCode),
    stream: Type.Optional(Type.String({ minLength: 1 })),
    type: Type.Optional(Type.String({ minLength: 1, description: "One event type, or several with commas." })),
    messageId: Type.Optional(MessageId),
    ...timeRange("time of recording"),
    order: Order("oldest"),
    limit: Paging.limit,
    after: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The `next` of the page before, or the `position` of any event: what follows it in the chosen order. So a " +
          "reader that has come to the end of the log goes on later from the last event that it has seen.",
      }),
    ),
  },
  strict,
);
export const EventPage = page(ref(EventEnvelope), "EventPage");

export const DataQuery = Type.Object(
  {
    flow: Type.Optional(FlowCode),
    attribute: Type.Optional(Type.String()),
    messageId: Type.Optional(MessageId),
    ...timeRange("time of receipt"),
    order: Order("oldest"),
    ...Paging,
  },
  strict,
);
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
export const DataPage = page(ref(DataItem), "DataPage");

export const DeadLetterKind = Type.Union([Type.Literal("delivery"), Type.Literal("row")]);
const deadLetterFilter = {
  flow: Type.Optional(FlowCode),
  action: Type.Optional(Type.String()),
  kind: Type.Optional(DeadLetterKind),
};
export const DeadLetterQuery = Type.Object({ ...deadLetterFilter, order: Order("what died first"), ...Paging }, strict);
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
export const DeadLetterPage = page(ref(DeadLetter), "DeadLetterPage");
const reason = Type.Optional(Type.String({ maxLength: 500, description: "Why it is discarded; recorded." }));
export const DeadLetterCommand = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 1000 })),
    filter: Type.Optional(
      Type.Object(deadLetterFilter, { ...strict, description: "Every dead letter that it takes; empty: all." }),
    ),
    reason,
  },
  {
    ...strict,
    $id: "DeadLetterCommand",
    description: "`ids`, or `filter`, or both, which takes the letters of these ids that the filter takes too.",
  },
);
export type DeadLetterCommand = Static<typeof DeadLetterCommand>;
/** Of one letter, which the address names. */
export const DeadLetterReason = Type.Object({ reason }, { ...strict, $id: "DeadLetterReason" });
export const DeadLetterResult = Type.Object(
  {
    count: Type.Integer({
      description: "Dead letters that this request has settled; one settled before is not counted.",
    }),
  },
  { $id: "DeadLetterResult" },
);
export type DeadLetterResult = Static<typeof DeadLetterResult>;

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
        rows: Type.Array(ref(DataItem), { description: "As they are in the projection now." }),
        deliveries: Type.Array(
          Type.Object({
            action: Type.String(),
            type: ActionType,
            state: Type.Enum(["pending", "done", "dead", "discarded"]),
            url: Nullable(Type.String()),
            attempts: Type.Integer({ description: "Of the delivery, or of the row that was tried most; 0: none yet." }),
            status: Nullable(Type.Integer({ description: "HTTP status of the last answer." })),
            reason: Nullable(Type.String({ description: "Why the last attempt failed, or why it was discarded." })),
            at: Nullable(Instant, { description: "When the log learnt of this state; null while nothing happened." }),
          }),
          { description: "What became of everything that the message is owed to." },
        ),
      }),
    ),
    events: Type.Array(ref(EventEnvelope)),
    truncated: Type.Boolean({
      description: "Whether rows or events were left out because there are too many to send.",
    }),
  },
  { $id: "MessageStory" },
);
export type MessageStory = Static<typeof MessageStory>;

export const Liveness = Type.Object({ status: Type.Literal("healthy") }, { $id: "Liveness" });
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
        lagEvents: Nullable(Type.Integer(), { description: "Null while the sink does not answer." }),
        lagSeconds: Nullable(Type.Number(), { description: "Age of the oldest event not yet handled." }),
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

export const Readiness = Type.Object(
  { ready: Type.Boolean(), status: HealthStatus, reasons: HealthReport.properties.reasons },
  { $id: "Readiness" },
);
export type Readiness = Static<typeof Readiness>;

/** The components of the OpenAPI document. */
export const apiSchemas: readonly TSchema[] = [
  Problem,
  FlowDefinition,
  FlowInput,
  FlowView,
  FlowAt,
  FlowPage,
  FlowHistoryItem,
  FlowHistoryPage,
  FlowTestRequest,
  FlowTestResult,
  EventEnvelope,
  EventPage,
  DataItem,
  DataPage,
  DeadLetter,
  DeadLetterPage,
  DeadLetterCommand,
  DeadLetterReason,
  DeadLetterResult,
  MessageStory,
  Liveness,
  Readiness,
  HealthReport,
];
