/** Rows of either side, in the order of their event ids. */
import type { DataRow, ProjectionSide, RowsRequest } from "@sluice/domain";
import { fromStoredTime, lowestStoredTime, toStoredTime } from "./projection-store-time.ts";
import type { StatementCache } from "./statement-cache.ts";

/** Names of the schemas in one connection. */
export const schemas: Readonly<Record<ProjectionSide, string>> = { live: "main", candidate: "candidate" };

/** Rows get ever higher ids. */
export const readMark = (statements: StatementCache, side: ProjectionSide): string => {
  const { id } = statements.prepare(`SELECT coalesce(max(id), 0) AS id FROM ${schemas[side]}.data`).get() as {
    id: number;
  };
  return String(id);
};

/**
 * The plus signs keep the planner on the index of events. An event id that is no text is nobody's place in the order; it
 * is above every text. A number may be written by hand that JavaScript has no integer for.
 */
const select = (side: ProjectionSide, beyond: ">" | ">="): string =>
  `SELECT event_id, flow_code, action, message_id, CAST(last_msg_id AS REAL) AS last_msg_id, attribute_name, value_type,
     attribute_value, CAST(value_number AS REAL) AS value_number, received_at, device_time
   FROM ${schemas[side]}.data
   WHERE event_id ${beyond} ? AND event_id < x'' AND +id <= ? AND +received_at >= ?
   ORDER BY event_id LIMIT ?`;

export const readRows = (
  statements: StatementCache,
  side: ProjectionSide,
  { upTo, after, limit, receivedFrom }: RowsRequest,
): DataRow[] =>
  statements
    .prepare(select(side, after === null ? ">=" : ">"))
    .all(after ?? "", Number(upTo), receivedFrom === null ? "" : lowestStoredTime(receivedFrom), limit)
    .map((row) => ({
      eventId: row.event_id as string,
      flow: textOf(row.flow_code),
      action: textOf(row.action),
      messageId: textOf(row.message_id),
      messageNumber: row.last_msg_id as number,
      attribute: textOf(row.attribute_name),
      valueType: textOf(row.value_type) as DataRow["valueType"],
      text: textOf(row.attribute_value),
      number: row.value_number as number | null,
      receivedAt: timeOf(row.received_at),
      deviceTime: row.device_time === null ? null : timeOf(row.device_time),
    }));

/** What people wrote may be of any type. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : value === null ? "" : String(value));

const timeOf = (value: unknown): string => {
  const stored = textOf(value);
  const instant = fromStoredTime(stored);
  return toStoredTime(instant) === stored ? instant : stored;
};
