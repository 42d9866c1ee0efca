/** Stored attributes. */
import { type Static, Type } from "typebox";
import { MessageId, ValueType } from "../events.ts";
import { FlowCode } from "../flow-definition.ts";
import { Instant, Nullable, Order, Paging, page, ref, strict, timeRange } from "./shared.ts";

export const DataQuery = Type.Object(
  {
    flow: Type.Optional(FlowCode),
    attribute: Type.Optional(Type.String({ description: "Name that it is stored under." })),
    messageId: Type.Optional(MessageId),
    eventId: Type.Optional(Type.String({ minLength: 1, description: "The event that the row came of." })),
    ...timeRange("time of receipt"),
    order: Order("oldest"),
    ...Paging,
  },
  strict,
);
export const DataItem = Type.Object(
  {
    id: Type.String({
      description:
        "Of the row in the table `data`: decimal, and possibly beyond 2^53. A projection made anew gives others.",
    }),
    flow: Type.String(),
    action: Nullable(Type.String(), {
      description: "The flow's action that stored it; null, as is every id but the row's: the older gateway did.",
    }),
    attribute: Type.String(),
    value: Type.Unknown(),
    valueType: ValueType,
    text: Type.String({ description: "The exact text of the value." }),
    messageId: Nullable(Type.String()),
    messageNumber: Type.Integer(),
    receivedAt: Instant,
    deviceTime: Nullable(Instant),
    eventId: Nullable(Type.String({ description: "The event that it came of, of type StoredAttribute." })),
  },
  { $id: "DataItem" },
);
export type DataItem = Static<typeof DataItem>;
export const DataPage = page(ref(DataItem), "DataPage");
