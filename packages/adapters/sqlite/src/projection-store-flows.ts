/** The `flows` table as a mirror of the definitions, in the older gateway's columns: what `mirrorStep` says is done. */
import { type FlowRow, type FlowTableColumns, flowColumnsOf, type MirrorStep, mirrorStep } from "@sluice/domain";
import { FLOW_COLUMNS, flowColumns } from "./flow-rows.ts";
import type { StatementCache } from "./statement-cache.ts";

const ROW = `SELECT ${FLOW_COLUMNS} FROM flows WHERE code = ? ORDER BY id LIMIT 1`;
const MIRROR = `SELECT ${FLOW_COLUMNS} FROM flow_mirror WHERE code = ?`;
const UPDATE = `UPDATE flows SET description = $description, topic = $topic, action = $action,
    payload_schema = $payloadSchema, endpoint_url = $endpointUrl, enabled = $enabled
  WHERE code = $code`;
const INSERT = `INSERT INTO flows
    (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled)
  VALUES ($code, $description, $topic, $action, $payloadSchema, $endpointUrl, 0, $enabled)`;
const REMOVE = "DELETE FROM flows WHERE code = ?";
const PUT_MIRROR = `INSERT OR REPLACE INTO flow_mirror
    (code, description, topic, action, payload_schema, endpoint_url, enabled)
  VALUES ($code, $description, $topic, $action, $payloadSchema, $endpointUrl, $enabled)`;
const REMOVE_MIRROR = "DELETE FROM flow_mirror WHERE code = ?";
const ADD_OVERRULED = "INSERT INTO flow_overruled (code, position, edit) VALUES (?, ?, ?)";
const SET_MESSAGE_NUMBER = "UPDATE flows SET last_msg_id = ? WHERE code = ?";

const parameters = (code: string, columns: FlowTableColumns) => ({
  code,
  ...columns,
  enabled: columns.enabled ? 1 : 0,
});

/**
 * A flow's row keeps its id and its `last_msg_id` through every change but retirement.
 * @param position that the batch brings the cursor to
 */
export const mirrorFlow = (
  statements: StatementCache,
  { code, definition, enabled, fromTable = false }: FlowRow,
  position: string,
): void => {
  const read = (sql: string): FlowTableColumns | null => {
    const found = statements.prepare(sql).get(code);
    return found === undefined ? null : flowColumns(found);
  };
  const target = definition === null ? null : flowColumnsOf(definition, enabled);
  const step = mirrorStep({ row: read(ROW), mirror: read(MIRROR), target, fromTable });
  writeRow(statements, code, step.write);
  if (step.mirror === null) statements.prepare(REMOVE_MIRROR).run(code);
  else statements.prepare(PUT_MIRROR).run(parameters(code, step.mirror));
  if (step.overruled) statements.prepare(ADD_OVERRULED).run(code, position, JSON.stringify(step.overruled.row));
};

const writeRow = (statements: StatementCache, code: string, write: MirrorStep["write"]): void => {
  switch (write.kind) {
    case "nothing":
      break;
    case "delete":
      statements.prepare(REMOVE).run(code);
      break;
    case "insert":
    case "update":
      statements.prepare(write.kind === "insert" ? INSERT : UPDATE).run(parameters(code, write.columns));
  }
};

export const setLastMessageNumber = (statements: StatementCache, code: string, messageNumber: number): void => {
  statements.prepare(SET_MESSAGE_NUMBER).run(messageNumber, code);
};
