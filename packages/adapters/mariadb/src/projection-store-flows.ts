/** The `flows` table as a mirror of the definitions, in the older gateway's columns. */
import type { FlowDefinition } from "@sluice/contracts";
import type { FlowRow } from "@sluice/domain";
import type { Connection } from "mariadb";

const PUT = `INSERT INTO flows (code, description, topic, action, payload_schema, endpoint_url, enabled, last_msg_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, 0)
  ON DUPLICATE KEY UPDATE description = VALUES(description), topic = VALUES(topic), action = VALUES(action),
    payload_schema = VALUES(payload_schema), endpoint_url = VALUES(endpoint_url), enabled = VALUES(enabled)`;
const REMOVE = "DELETE FROM flows WHERE code = ?";
const SET_MESSAGE_NUMBER = "UPDATE flows SET last_msg_id = ? WHERE code = ?";

const columnsOf = (code: string, definition: FlowDefinition, enabled: boolean) => [
  code,
  definition.description,
  definition.topic,
  // The older gateway knows one action a flow.
  definition.actions[0]?.type ?? "",
  // The text 'null' where there is no schema, not NULL, which the older gateway does not expect.
  JSON.stringify(definition.payloadSchema),
  definition.actions.find((action) => action.type === "POST_ENDPOINT")?.url ?? null,
  enabled ? 1 : 0,
];

/** A flow's row keeps its id and its `last_msg_id` through every change but retirement. */
export const mirrorFlow = async (connection: Connection, { code, definition, enabled }: FlowRow): Promise<void> => {
  if (definition === null) await connection.query(REMOVE, [code]);
  else await connection.query(PUT, columnsOf(code, definition, enabled));
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
