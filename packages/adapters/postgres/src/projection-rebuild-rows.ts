/** Rows of one side, in the order of their event ids, up to a mark. */
import type { DataRow, RowsRequest } from "@sluice/domain";
import type { Pool } from "pg";
import { isStorable, storableText } from "./projection-store-text.ts";
import { fromStoredTimeExactly, toStoredTime } from "./projection-store-time.ts";

/** What gives the table its ids, whosever sequence it is; none where a trigger or a function does. */
const SEQUENCE = `SELECT s.oid::regclass::text AS name
  FROM pg_attribute AS a
  LEFT JOIN pg_attrdef AS given ON given.adrelid = a.attrelid AND given.adnum = a.attnum
  JOIN pg_depend AS d ON
    (d.classid = 'pg_attrdef'::regclass AND d.objid = given.oid AND d.refclassid = 'pg_class'::regclass) OR
    (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
      AND d.refobjsubid = a.attnum AND d.deptype = 'i')
  JOIN pg_class AS s ON s.relkind = 'S'
    AND s.oid = CASE WHEN d.classid = 'pg_attrdef'::regclass THEN d.refobjid ELSE d.objid END
  WHERE a.attrelid = to_regclass($1) AND a.attname = 'id'
  LIMIT 1`;

/**
 * The last id that was given. Rows that people have stored with ids beyond it are not up to here; and neither is what
 * comes, of which there would be no end otherwise.
 */
export const markOf = async (pool: Pool, schema: string): Promise<string> => {
  const { rows: found } = await pool.query<{ name: string }>(SEQUENCE, [`${schema}.data`]);
  const sequence = found[0]?.name;
  const { rows } = await pool.query<{ mark: string }>(
    sequence === undefined
      ? `SELECT coalesce(max(id), 0)::text AS mark FROM ${schema}.data`
      : `SELECT (last_value - (NOT is_called)::int)::text AS mark FROM ${sequence}`,
  );
  return rows[0]?.mark as string;
};

/** Every column may have been changed by hand to what no batch stores. */
interface StoredRow {
  readonly event_id: string;
  readonly flow_code: string;
  readonly action: string | null;
  readonly message_id: string | null;
  readonly last_msg_id: string;
  readonly attribute_name: string;
  readonly value_type: DataRow["valueType"] | null;
  readonly attribute_value: string | null;
  readonly exact_value: string | null;
  readonly value_number: number | null;
  readonly received_at: string;
  readonly device_time: string | null;
}

/** With all rows of an event that is there more than once, so that none is passed over: the page is longer then. */
const select = (schema: string, isFirst: boolean): string =>
  `SELECT event_id, flow_code, action, message_id, last_msg_id::text, attribute_name, value_type, attribute_value,
    exact_value, value_number, received_at::timestamp::text AS received_at, device_time::text AS device_time
  FROM ${schema}.data
  WHERE event_id ${isFirst ? ">=" : ">"} $1 AND id <= $2::bigint AND received_at >= $3::timestamp
  ORDER BY event_id FETCH FIRST $4 ROWS WITH TIES`;

export const readRows = async (pool: Pool, schema: string, request: RowsRequest): Promise<readonly DataRow[]> => {
  const { upTo, after, limit, receivedFrom } = request;
  const values = [after ?? "", upTo, storedFrom(receivedFrom), limit];
  const { rows } = await pool.query<StoredRow>(select(schema, after === null), values);
  return rows.map(toRow);
};

/** @param receivedFrom RFC 3339; null: all */
export const storedFrom = (receivedFrom: string | null): string =>
  receivedFrom === null ? "-infinity" : toStoredTime(receivedFrom);

const toRow = (row: StoredRow): DataRow => ({
  eventId: row.event_id,
  flow: row.flow_code,
  action: row.action ?? "",
  messageId: row.message_id ?? "",
  messageNumber: Number(row.last_msg_id),
  attribute: row.attribute_name,
  valueType: row.value_type ?? ("" as DataRow["valueType"]),
  text: textOf(row),
  number: row.value_number,
  receivedAt: fromStoredTimeExactly(row.received_at),
  deviceTime: row.device_time === null ? null : fromStoredTimeExactly(row.device_time),
});

/** Of two columns that no batch has stored like this: a text that is unlike any that should be here. */
const textOf = ({ attribute_value: value, exact_value: exact }: StoredRow): string => {
  if (exact === null) return value ?? "";
  const text = exactText(exact);
  const isRight = text !== null && !isStorable(text) && storableText(text) === value;
  return isRight ? text : `\0${JSON.stringify([value, exact])}`;
};

const exactText = (exact: string): string | null => {
  try {
    const text: unknown = JSON.parse(exact);
    return typeof text === "string" ? text : null;
  } catch {
    return null;
  }
};
