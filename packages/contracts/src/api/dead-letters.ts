/** Deliveries and rows that were given up on. */
import { type Static, Type } from "typebox";
import { EncodedBytes, ValueType } from "../events.ts";
import { FlowCode } from "../flow-definition.ts";
import { DeliveryStep } from "./log.ts";
import { Instant, Nullable, Order, Paging, page, ref, strict } from "./shared.ts";

export const DeadLetterKind = Type.Union([Type.Literal("delivery"), Type.Literal("row")], {
  description: "delivery: of an action that posts. row: of one that stores.",
});
const deadLetterFilter = {
  flow: Type.Optional(FlowCode),
  action: Type.Optional(Type.String({ description: "Id of the action." })),
  kind: Type.Optional(DeadLetterKind),
  cause: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "As `GET /api/v1/dead-letters/causes` gives it." }),
  ),
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
        "The event behind it: DeliveryDeadLettered, or for a row the StoredAttribute that could not be stored, or the " +
        "DeliveryRetried whose edit could not.",
    }),
  },
  { $id: "DeadLetter" },
);
export type DeadLetter = Static<typeof DeadLetter>;
export const DeadLetterPage = page(ref(DeadLetter), "DeadLetterPage");

export const DeadLetterCauseQuery = Type.Object(
  {
    ...deadLetterFilter,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: "Causes at the most." })),
  },
  strict,
);
export const DeadLetterCause = Type.Object(
  {
    kind: DeadLetterKind,
    flow: Type.String(),
    action: Type.String(),
    attribute: Nullable(Type.String(), {
      description: "Of rows; null for deliveries, and where the name is too long to be told apart by it.",
    }),
    cause: Type.String({
      description:
        "The reason with `<id>`, `<number>`, `<time>` and `<value>` for what varies. A filter of the other operations.",
    }),
    count: Type.Integer(),
    firstDeadAt: Instant,
    lastDeadAt: Instant,
    sample: Type.String({ description: "Id of the letter that died last." }),
  },
  { $id: "DeadLetterCause" },
);
export type DeadLetterCause = Static<typeof DeadLetterCause>;
export const DeadLetterCauses = Type.Object(
  {
    items: Type.Array(ref(DeadLetterCause), { description: "The most numerous first." }),
    more: Type.Boolean({ description: "Whether there are causes beyond the limit." }),
  },
  { $id: "DeadLetterCauses" },
);
export type DeadLetterCauses = Static<typeof DeadLetterCauses>;

const RowContent = Type.Object({
  attribute: Type.String({ description: "The name that it is to be stored under." }),
  valueType: ValueType,
  value: Type.Unknown(),
  text: Type.String({ description: "The exact text of the value." }),
});
export const DeadLetterEdited = Type.Object(
  {
    at: Instant,
    eventId: Type.String({ description: "Of the DeliveryRetried that has it." }),
    actor: Nullable(Type.String({ description: "Who made it." })),
    requestId: Nullable(Type.String()),
    reason: Nullable(Type.String()),
    payload: Nullable(EncodedBytes, {
      description: "Null also where the edits are too much for one answer; the event has it.",
    }),
    row: Nullable(RowContent),
  },
  { $id: "DeadLetterEdited" },
);
export type DeadLetterEdited = Static<typeof DeadLetterEdited>;
export const DeadLetterDetail = Type.Object(
  {
    ...DeadLetter.properties,
    cause: Type.String(),
    message: Nullable(
      Type.Object({
        topic: Type.String(),
        broker: Type.String(),
        receivedAt: Instant,
        payload: EncodedBytes,
        payloadBytes: Type.Integer({ description: "Of the whole payload; `payload` may hold only the first of them." }),
      }),
      { description: "As it was received; null if the log lacks it." },
    ),
    row: Nullable(RowContent, { description: "What a retry stores; null for a delivery, or if the log lacks it." }),
    delivery: Nullable(
      Type.Object({
        url: Nullable(Type.String({ description: "Without its query." })),
        payload: Nullable(EncodedBytes, { description: "What a retry posts; null: the message's own payload." }),
        attempts: Type.Array(ref(DeliveryStep), { description: "The last 20 that failed, in the order of the log." }),
      }),
      { description: "Null for a row." },
    ),
    edits: Type.Array(ref(DeadLetterEdited), { description: "The last 20, in the order of the log." }),
  },
  { $id: "DeadLetterDetail" },
);
export type DeadLetterDetail = Static<typeof DeadLetterDetail>;

const reason = Type.Optional(Type.String({ maxLength: 500, description: "Why; recorded." }));
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
export const DeadLetterEdit = Type.Object(
  {
    payload: Type.Optional(Type.String({ description: "Of a delivery: the body to post, sent as UTF-8." })),
    payloadBase64: Type.Optional(Type.String({ description: "Of a delivery: bytes; instead of `payload`." })),
    attribute: Type.Optional(Type.String({ minLength: 1, description: "Of a row: the name to store it under." })),
    value: Type.Optional(
      Type.Unknown({
        description: "Of a row: the JSON value to store. A number is kept as it is written here (1.50).",
      }),
    ),
  },
  { ...strict, description: "What to post or store instead." },
);
export type DeadLetterEdit = Static<typeof DeadLetterEdit>;
export const DeadLetterRetry = Type.Object(
  { reason, edit: Type.Optional(DeadLetterEdit) },
  { ...strict, $id: "DeadLetterRetry" },
);
export type DeadLetterRetry = Static<typeof DeadLetterRetry>;
export const DeadLetterResult = Type.Object(
  {
    count: Type.Integer({
      description: "Dead letters that this request has settled; one settled before is not counted.",
    }),
  },
  { $id: "DeadLetterResult" },
);
export type DeadLetterResult = Static<typeof DeadLetterResult>;
