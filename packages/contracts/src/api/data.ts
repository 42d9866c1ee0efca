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
