/** Rows of `flows` and of its mirror, as the port has them. */
import type { FlowTableColumns } from "@sluice/domain";

export const FLOW_COLUMNS = `description, topic, action, payload_schema AS payloadSchema, endpoint_url AS endpointUrl,
  enabled IS TRUE AS enabled`;

export interface FlowColumnsRow {
  readonly description: string | null;
  readonly topic: string | null;
  readonly action: string | null;
  readonly payloadSchema: string | null;
  readonly endpointUrl: string | null;
  readonly enabled: number;
}

export const flowColumns = (row: FlowColumnsRow): FlowTableColumns => ({
  description: row.description,
  topic: row.topic,
  action: row.action,
  payloadSchema: row.payloadSchema,
  endpointUrl: row.endpointUrl,
  enabled: row.enabled === 1,
});
