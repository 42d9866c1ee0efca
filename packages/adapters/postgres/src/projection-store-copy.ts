/** Rows by COPY, and by INSERT where some of their events may be stored already. */
import type { DataRow } from "@sluice/domain";
import type { PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { isStorable, storableText } from "./projection-store-text.ts";
import { toStoredTime } from "./projection-store-time.ts";

const COLUMNS = `received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id, message_id, action,
  value_type, value_number, device_time, exact_value`;

type Values = readonly (string | null)[];

/** All rows of a message share one instant. */
const storedTimes = (): ((instant: string) => string) => {
  let last = "";
  let stored = "";
  return (instant) => {
    if (instant !== last) {
      stored = toStoredTime(instant);
      last = instant;
    }
    return stored;
  };
};

/** @throws RangeError on a time that is none */
const valuesOf = (row: DataRow, storedTime: (instant: string) => string): Values => {
  const storable = isStorable(row.text);
  return [
    storedTime(row.receivedAt),
    row.flow,
    row.attribute,
    storable ? row.text : storableText(row.text),
    String(row.messageNumber),
    row.eventId,
    row.messageId,
    row.action,
    row.valueType,
    row.number === null ? null : String(row.number),
    row.deviceTime === null ? null : toStoredTime(row.deviceTime),
    storable ? null : JSON.stringify(row.text),
  ];
};

const valuesOfAll = (rows: readonly DataRow[]): readonly Values[] => {
  const storedTime = storedTimes();
  return rows.map((row) => valuesOf(row, storedTime));
};

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html */
const field = (value: string | null): string => {
  if (value === null) return "\\N";
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (one) => ESCAPES[one] as string) : value;
};

/**
 * Fails on a row whose event is stored already. Sent in one piece, which the server reads whole before it looks at it:
 * when it refuses a row nothing is on its way any more.
 * @throws the server's error
 */
export const copyRows = async (client: PoolClient, rows: readonly DataRow[]): Promise<void> => {
  const lines = valuesOfAll(rows).map((values) => `${values.map(field).join("\t")}\n`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stream = client.query(copyFrom(`COPY data (${COLUMNS}) FROM STDIN (FORMAT text, ENCODING 'UTF8')`));
  stream.on("error", reject);
  stream.on("finish", resolve);
  stream.end(Buffer.from(lines.join("")));
  await promise;
};

/** A row that collides with a unique index of somebody else's is refused, not passed over. */
const INSERT = `INSERT INTO data (${COLUMNS})
  SELECT * FROM unnest($1::timestamp[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::float8[], $11::timestamp[], $12::text[])
  ON CONFLICT (event_id, received_at) DO NOTHING`;

/**
 * Passes over rows whose event is stored already.
 * @throws the server's error
 */
export const insertRows = async (client: PoolClient, rows: readonly DataRow[]): Promise<void> => {
  const values = valuesOfAll(rows);
  const columns = Array.from({ length: 12 }, (_, column) => values.map((row) => row[column] ?? null));
  await client.query({ name: "insert-rows", text: INSERT, values: columns });
};
