/** The event log: events as they are, and all that concerns one message. */
import { type Static, Type } from "typebox";
import { EncodedBytes, EventEnvelope, MessageId, PublishProperties, ValidationError } from "../events.ts";
import { ActionType, FlowCode, FlowDefinition, QoS } from "../flow-definition.ts";
import { DataItem } from "./data.ts";
import { Instant, Nullable, Order, Paging, page, ref, strict, timeRange } from "./shared.ts";

export const EventQuery = Type.Object(
  {
    flow: Type.Optional(FlowCode),
    stream: Type.Optional(Type.String({ minLength: 1, description: "Name of one stream, as events have it." })),
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
export const LiveQuery = Type.Object(
  {
    flow: EventQuery.properties.flow,
    stream: EventQuery.properties.stream,
    type: EventQuery.properties.type,
    messageId: EventQuery.properties.messageId,
    from: EventQuery.properties.from,
    to: EventQuery.properties.to,
    after: Type.Optional(Type.String({ minLength: 1, description: "Position behind which to begin; absent: now." })),
  },
  strict,
);
export const EventPage = page(ref(EventEnvelope), "EventPage");

export const NearMiss = Type.Object(
  {
    flow: Type.String(),
    topic: Type.String({ description: "The flow's filter then." }),
    flowVersion: Type.Integer({ description: "Version of the flow then." }),
    reason: Type.Enum(["level", "length", "hidden", "disabled", "retired", "broker", "skipped"], {
      description:
        "level: one level alone is another than the filter has, or lacks its format. length: the topic has fewer or more " +
        "levels. hidden: wildcards at the start do not see topics with $. The others matched: disabled or retired flows; " +
        "of another broker; skipped: expired, a repeat of a retained message, or not sent to this flow.",
    }),
    level: Nullable(Type.Integer({ description: "From 1; null unless one level decided." })),
    detail: Type.String(),
  },
  { $id: "NearMiss" },
);
export type NearMiss = Static<typeof NearMiss>;

export const DeliveryStep = Type.Object(
  {
    at: Instant,
    type: Type.String({ description: "The event that tells of it." }),
    eventId: Type.String(),
    attempt: Nullable(Type.Integer()),
    status: Nullable(Type.Integer({ description: "HTTP status." })),
    latencyMs: Nullable(Type.Number()),
    url: Nullable(Type.String()),
    attribute: Nullable(Type.String({ description: "Where it is about one row." })),
    reason: Nullable(Type.String()),
    retryAt: Nullable(Instant),
    edit: Nullable(Type.String({ description: "What was changed with the retry, in words; the event has it whole." })),
    actor: Nullable(Type.String({ description: "Who did it, where somebody did." })),
  },
  { $id: "DeliveryStep" },
);
export type DeliveryStep = Static<typeof DeliveryStep>;

/** A tuple is no JSON Schema 2020-12 in TypeBox's words. */
const MessageProperties = Type.Object({
  ...PublishProperties.properties,
  userProperties: Type.Optional(
    Type.Array(Type.Array(Type.String(), { minItems: 2, maxItems: 2 }), { description: "Name and value." }),
  ),
});

export const MessageStory = Type.Object(
  {
    messageId: Type.String(),
    topic: Type.String(),
    broker: Type.String(),
    source: Type.String(),
    receivedAt: Instant,
    recordedAt: Instant,
    position: Type.String({ description: "Of the first event about it." }),
    qos: QoS,
    retain: Type.Boolean(),
    dup: Type.Boolean(),
    properties: Nullable(MessageProperties, { description: "MQTT 5; null: it had none." }),
    payload: EncodedBytes,
    payloadBytes: Type.Integer({ description: "Of the whole payload; `payload` may hold only the first of them." }),
    stores: Type.Object(
      {
        log: Type.String(),
        rows: Type.Object({ database: Type.String(), table: Type.String() }),
      },
      { description: "Where its events and its rows are, without credentials." },
    ),
    flows: Type.Array(
      Type.Object({
        flow: Type.String(),
        messageNumber: Type.Integer(),
        flowVersion: Type.Integer({ description: "Version of the definition that decided." }),
        topic: Nullable(Type.String({ description: "The flow's filter in that version." })),
        definition: Nullable(ref(FlowDefinition), { description: "In that version; null if the log lacks it." }),
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
            nextAttemptAt: Nullable(Instant, { description: "While it is pending, where it is known." }),
            steps: Type.Array(ref(DeliveryStep), {
              description:
                "Every attempt, and whatever else happened to it, in the order of the log; 1,000 at the most.",
            }),
          }),
          { description: "What became of everything that the message is owed to." },
        ),
      }),
    ),
    nearMisses: Type.Array(ref(NearMiss), {
      description: "Flows that would have taken it but for one thing, as they were then; the nearest 20.",
    }),
    nearMissCount: Type.Integer({ description: "Of all such flows." }),
    pending: Type.Array(Type.Object({ flow: Type.String(), action: Type.String(), nextAttemptAt: Nullable(Instant) }), {
      description: "What is still to be done.",
    }),
    events: Type.Array(ref(EventEnvelope)),
    truncated: Type.Boolean({
      description: "Whether rows or events were left out because there are too many to send.",
    }),
  },
  { $id: "MessageStory" },
);
export type MessageStory = Static<typeof MessageStory>;
