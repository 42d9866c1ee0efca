/** Deliveries and rows that were given up on. */
import { type Static, Type } from "typebox";
import { FlowCode } from "../flow-definition.ts";
import { Instant, Nullable, Order, Paging, page, ref, strict } from "./shared.ts";

export const DeadLetterKind = Type.Union([Type.Literal("delivery"), Type.Literal("row")], {
  description: "delivery: of an action that posts. row: of one that stores.",
});
const deadLetterFilter = {
  flow: Type.Optional(FlowCode),
  action: Type.Optional(Type.String({ description: "Id of the action." })),
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
