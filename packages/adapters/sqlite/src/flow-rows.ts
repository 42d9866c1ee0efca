/** Rows of `flows` and of its mirror, as the port has them. */
import type { FlowTableColumns } from "@sluice/domain";

/** What people write may be of any type: SQLite does not hold a column to its own. */
export const FLOW_COLUMNS = `CAST(description AS TEXT) AS description, CAST(topic AS TEXT) AS topic,
  CAST(action AS TEXT) AS action, CAST(payload_schema AS TEXT) AS payloadSchema,
  CAST(endpoint_url AS TEXT) AS endpointUrl, enabled IS TRUE AS enabled`;

type Row = Readonly<Record<string, unknown>>;

export const flowColumns = (row: Row): FlowTableColumns => ({
  description: row.description as string | null,
  topic: row.topic as string | null,
  action: row.action as string | null,
  payloadSchema: row.payloadSchema as string | null,
  endpointUrl: row.endpointUrl as string | null,
  enabled: row.enabled === 1,
});
