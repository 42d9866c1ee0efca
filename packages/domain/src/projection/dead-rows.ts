/** Rows that a database refuses: their dead letters, and the state of a message by what became of its rows. */
import type { DeadLetter } from "@sluice/contracts";
import { deliveryId, parseDeliveryId } from "../delivery/delivery-id.ts";
import type { DataRow } from "../ports/projection-store.ts";

export type MessageState = "done" | "dead" | "discarded";

/** Rows of one message of one action that are not stored. */
export interface RowTally {
  readonly dead: number;
  readonly discarded: number;
}

export const messageState = (rows: RowTally): MessageState => {
  if (rows.dead > 0) return "dead";
  return rows.discarded > 0 ? "discarded" : "done";
};

/**
 * @param deadAt RFC 3339 UTC
 * @param id     of the letter; an edited row keeps that of the row which died first, and its attribute
 */
export const rowLetter = (
  row: DataRow,
  reason: string,
  attempts: number,
  deadAt: string,
  id = deliveryId(row),
): DeadLetter => ({
  id,
  kind: "row",
  flow: row.flow,
  action: row.action,
  messageId: row.messageId,
  messageNumber: row.messageNumber,
  attribute: parseDeliveryId(id)?.attribute ?? row.attribute,
  reason,
  attempts,
  deadAt,
  eventId: row.eventId,
});
