/** Rows of `data` that come from the log, in the order of their event ids. */
import type { DataRow, RowsRequest } from "@sluice/domain";
import type { Pool } from "mariadb";
import { LOWEST_TIME, toStoredTime } from "./projection-store-time.ts";

interface StoredRow extends Omit<DataRow, "receivedAt" | "deviceTime"> {
  readonly receivedAt: string;
  readonly deviceTime: string | null;
}

/** The largest id; rows get larger ones, and none is given twice. */
export const readMark = async (pool: Pool, table: string): Promise<string> => {
  // As text: an id may be larger than JavaScript's whole numbers.
  const [row] = await pool.query<{ mark: string | null }[]>(`SELECT CAST(MAX(id) AS CHAR) AS mark FROM ${table}`);
  return row?.mark ?? "0";
};

/** @param table quoted, with its database where that is not the connection's */
export const rowsStatement = (
  table: string,
  { upTo, after, limit, receivedFrom }: RowsRequest,
): { sql: string; values: (string | number)[] } => ({
  sql: `SELECT event_id AS eventId, flow_code AS flow, action, message_id AS messageId, last_msg_id AS messageNumber,
      attribute_name AS attribute, value_type AS valueType, attribute_value AS text, value_number AS number,
      received_at AS receivedAt, device_time AS deviceTime
    FROM ${table} FORCE INDEX (data_event)
    WHERE event_id ${after === null ? "IS NOT NULL" : "> ?"} AND id <= CAST(? AS SIGNED) AND received_at >= ?
    ORDER BY event_id LIMIT ?`,
  values: [
    ...(after === null ? [] : [after]),
    upTo,
    receivedFrom === null ? LOWEST_TIME : toStoredTime(receivedFrom),
    limit,
  ],
});

export const readRows = async (pool: Pool, table: string, request: RowsRequest): Promise<readonly DataRow[]> => {
  const { sql, values } = rowsStatement(table, request);
  const rows = await pool.query<StoredRow[]>(sql, values);
  return rows.map((row) => ({
    ...row,
    receivedAt: exactTime(row.receivedAt),
    deviceTime: row.deviceTime === null ? null : exactTime(row.deviceTime),
  }));
};

/** RFC 3339 UTC with milliseconds, as all times of ours; with microseconds where somebody has stored such. */
const exactTime = (stored: string): string =>
  `${stored.slice(0, 10)}T${stored.slice(11, stored.endsWith("000") ? 23 : 26)}Z`;
