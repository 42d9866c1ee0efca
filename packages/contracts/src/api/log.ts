/** The event log: events as they are, and all that concerns one message. */
import { type Static, Type } from "typebox";
import { EncodedBytes, EventEnvelope, MessageId, ValidationError } from "../events.ts";
import { ActionType, FlowCode } from "../flow-definition.ts";
import { DataItem } from "./data.ts";
import { Instant, Nullable, Order, Paging, page, ref, strict, timeRange } from "./shared.ts";

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
