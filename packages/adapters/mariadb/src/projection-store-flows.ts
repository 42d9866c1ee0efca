/** The `flows` table as a mirror of the definitions, in the older gateway's columns: what `mirrorStep` says is done. */
import { type FlowRow, type FlowTableColumns, flowColumnsOf, type MirrorStep, mirrorStep } from "@sluice/domain";
import type { Connection } from "mariadb";
import { FLOW_COLUMNS, type FlowColumnsRow, flowColumns } from "./flow-rows.ts";

// Locked, so that nobody edits between the look and the write.
const ROW = `SELECT ${FLOW_COLUMNS} FROM flows WHERE code = ? ORDER BY id LIMIT 1 FOR UPDATE`;
const MIRROR = `SELECT ${FLOW_COLUMNS} FROM flow_mirror WHERE code = ? FOR UPDATE`;
const UPDATE = `UPDATE flows SET description = ?, topic = ?, action = ?, payload_schema = ?, endpoint_url = ?, enabled = ?
  WHERE code = ?`;
const INSERT = `INSERT INTO flows
    (description, topic, action, payload_schema, endpoint_url, enabled, code, last_msg_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, 0)`;
const REMOVE = "DELETE FROM flows WHERE code = ?";
const PUT_MIRROR = `INSERT INTO flow_mirror
    (description, topic, action, payload_schema, endpoint_url, enabled, code)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE description = VALUES(description), topic = VALUES(topic), action = VALUES(action),
    payload_schema = VALUES(payload_schema), endpoint_url = VALUES(endpoint_url), enabled = VALUES(enabled)`;
const REMOVE_MIRROR = "DELETE FROM flow_mirror WHERE code = ?";
const ADD_OVERRULED = "INSERT INTO flow_overruled (code, position, edit) VALUES (?, ?, ?)";
const SET_MESSAGE_NUMBER = "UPDATE flows SET last_msg_id = ? WHERE code = ?";

const parameters = (code: string, columns: FlowTableColumns) => [
  columns.description,
  columns.topic,
  columns.action,
  columns.payloadSchema,
  columns.endpointUrl,
  columns.enabled ? 1 : 0,
  code,
];

/**
 * A flow's row keeps its id and its `last_msg_id` through every change but retirement.
 * @param position that the batch brings the cursor to
 */
export const mirrorFlow = async (
  connection: Connection,
  { code, definition, enabled, fromTable = false }: FlowRow,
  position: string,
): Promise<void> => {
  const read = async (sql: string): Promise<FlowTableColumns | null> => {
    const [found] = await connection.query<FlowColumnsRow[]>(sql, [code]);
    return found === undefined ? null : flowColumns(found);
  };
  const target = definition === null ? null : flowColumnsOf(definition, enabled);
  const step = mirrorStep({ row: await read(ROW), mirror: await read(MIRROR), target, fromTable });
  await writeRow(connection, code, step.write);
  if (step.mirror === null) await connection.query(REMOVE_MIRROR, [code]);
  else await connection.query(PUT_MIRROR, parameters(code, step.mirror));
  if (step.overruled) await connection.query(ADD_OVERRULED, [code, position, JSON.stringify(step.overruled.row)]);
};

const writeRow = async (connection: Connection, code: string, write: MirrorStep["write"]): Promise<void> => {
  switch (write.kind) {
    case "nothing":
      break;
    case "delete":
      await connection.query(REMOVE, [code]);
      break;
    case "insert":
    case "update":
      await connection.query(write.kind === "insert" ? INSERT : UPDATE, parameters(code, write.columns));
  }
};

export const setLastMessageNumbers = async (
  connection: Connection,
  numbers: ReadonlyMap<string, number>,
): Promise<void> => {
  if (numbers.size === 0) return;
  await connection.batch(
    SET_MESSAGE_NUMBER,
    Array.from(numbers, ([code, number]) => [String(number), code]),
  );
};
