/** The `flows` table as a mirror of the definitions, in the older gateway's columns. */
import type { FlowDefinition } from "@sluice/contracts";
import type { FlowRow } from "@sluice/domain";
import type { StatementCache } from "./statement-cache.ts";

const UPDATE = `UPDATE flows SET description = $description, topic = $topic, action = $action,
    payload_schema = $schema, endpoint_url = $url, enabled = $enabled
  WHERE code = $code`;
const INSERT = `INSERT INTO flows
    (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled)
  VALUES ($code, $description, $topic, $action, $schema, $url, 0, $enabled)`;
const REMOVE = "DELETE FROM flows WHERE code = ?";
const SET_MESSAGE_NUMBER = "UPDATE flows SET last_msg_id = ? WHERE code = ?";

const columnsOf = (code: string, definition: FlowDefinition, enabled: boolean) => ({
  code,
  description: definition.description,
  topic: definition.topic,
  // The older gateway knows one action a flow.
  action: definition.actions[0]?.type ?? "",
  // The text 'null' where there is no schema, not NULL: an adopted column may be NOT NULL.
  schema: JSON.stringify(definition.payloadSchema),
  url: definition.actions.find((action) => action.type === "POST_ENDPOINT")?.url ?? null,
  enabled: enabled ? 1 : 0,
});

/** A flow's row keeps its id and its `last_msg_id` through every change but retirement. */
export const mirrorFlow = (statements: StatementCache, { code, definition, enabled }: FlowRow): void => {
  if (definition === null) {
    statements.prepare(REMOVE).run(code);
    return;
  }
  const columns = columnsOf(code, definition, enabled);
  if (statements.prepare(UPDATE).run(columns).changes === 0) statements.prepare(INSERT).run(columns);
};

export const setLastMessageNumber = (statements: StatementCache, code: string, messageNumber: number): void => {
  statements.prepare(SET_MESSAGE_NUMBER).run(messageNumber, code);
};
