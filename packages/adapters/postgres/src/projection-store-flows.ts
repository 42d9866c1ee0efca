/** The `flows` table as a mirror of the definitions, in the older gateway's columns: what `mirrorStep` says is done. */
import { type FlowRow, type FlowTableColumns, flowColumnsOf, mirrorStep } from "@sluice/domain";
import type { PoolClient } from "pg";
import { storableText } from "./projection-store-text.ts";

export const FLOW_COLUMNS = `description, topic, action, payload_schema::text AS "payloadSchema",
  endpoint_url AS "endpointUrl", enabled IS TRUE AS enabled`;
/** Locked, so that an edit by hand comes before or after. */
const ROW = `SELECT ${FLOW_COLUMNS} FROM flows WHERE code = $1 ORDER BY id LIMIT 1 FOR UPDATE`;
const MIRROR = `SELECT ${FLOW_COLUMNS} FROM sluice_flow_mirror WHERE code = $1`;
const UPDATE = `UPDATE flows SET description = $2, topic = $3, action = $4, payload_schema = $5, endpoint_url = $6,
    enabled = $7
  WHERE code = $1`;
const INSERT = `INSERT INTO flows (code, description, topic, action, payload_schema, endpoint_url, enabled, last_msg_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`;
const REMOVE = "DELETE FROM flows WHERE code = $1";
const PUT_MIRROR = `INSERT INTO sluice_flow_mirror
    (code, description, topic, action, payload_schema, endpoint_url, enabled)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (code) DO UPDATE SET description = excluded.description, topic = excluded.topic,
    action = excluded.action, payload_schema = excluded.payload_schema, endpoint_url = excluded.endpoint_url,
    enabled = excluded.enabled`;
const REMOVE_MIRROR = "DELETE FROM sluice_flow_mirror WHERE code = $1";
const ADD_OVERRULED = "INSERT INTO sluice_flow_overruled (code, position, edit) VALUES ($1, $2, $3)";
const SET_MESSAGE_NUMBERS = `UPDATE flows SET last_msg_id = given.number
  FROM unnest($1::text[], $2::bigint[]) AS given (code, number)
  WHERE flows.code = given.code`;

const parameters = (code: string, columns: FlowTableColumns): unknown[] => [
  code,
  columns.description,
  columns.topic,
  columns.action,
  columns.payloadSchema,
  columns.endpointUrl,
  columns.enabled,
];

/** A description may hold what PostgreSQL's text cannot; JSON escapes it. */
const targetOf = ({ definition, enabled }: FlowRow): FlowTableColumns | null => {
  if (definition === null) return null;
  const columns = flowColumnsOf(definition, enabled);
  return { ...columns, description: storableText(columns.description ?? "") };
};

/**
 * A flow's row keeps its id and its `last_msg_id` through every change but retirement.
 * @param position that the batch brings the cursor to
 */
export const mirrorFlow = async (client: PoolClient, flow: FlowRow, position: string): Promise<void> => {
  const { code, fromTable = false } = flow;
  const read = async (sql: string): Promise<FlowTableColumns | null> =>
    (await client.query<FlowTableColumns>(sql, [code])).rows[0] ?? null;
  const step = mirrorStep({ row: await read(ROW), mirror: await read(MIRROR), target: targetOf(flow), fromTable });
  const { write } = step;
  if (write.kind === "delete") await client.query(REMOVE, [code]);
  if (write.kind === "insert") await client.query(INSERT, parameters(code, write.columns));
  if (write.kind === "update") await client.query(UPDATE, parameters(code, write.columns));
  if (step.mirror === null) await client.query(REMOVE_MIRROR, [code]);
  else await client.query(PUT_MIRROR, parameters(code, step.mirror));
  if (step.overruled) await client.query(ADD_OVERRULED, [code, position, JSON.stringify(step.overruled.row)]);
};

export const setLastMessageNumbers = async (
  client: PoolClient,
  numbers: ReadonlyMap<string, number>,
): Promise<void> => {
  if (numbers.size === 0) return;
  const values = [[...numbers.keys()].map(storableText), [...numbers.values()]];
  await client.query({ name: "set-message-numbers", text: SET_MESSAGE_NUMBERS, values });
};
