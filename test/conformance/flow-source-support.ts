/** What a definition of the flow source's conformance suite works with. */
import type { FlowDefinition } from "@sluice/contracts";
import { type FlowRow, type FlowSource, flowColumnsOf, type ProjectionStore } from "@sluice/domain";
import type { FlowSourceAdapter } from "./flow-source-adapters.ts";
import { definition, FLOW } from "./projection-store-support.ts";

export interface FlowSourceContext {
  readonly adapter: FlowSourceAdapter;
  /** Of the database that this definition has to itself. */
  readonly location: string;
  /** Started; stopped after the definition. */
  openSource(): Promise<FlowSource>;
  openProjection(): Promise<ProjectionStore>;
  /** One statement, as someone at the database's own prompt would send it. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export interface FlowSourceDefinition {
  readonly name: string;
  run(context: FlowSourceContext): Promise<void>;
}

export const rowOf = (
  changes: Partial<FlowDefinition> = {},
  options: { readonly enabled?: boolean; readonly fromTable?: boolean } = {},
): FlowRow => {
  const defined = definition(changes);
  return { code: defined.code, definition: defined, enabled: true, ...options };
};

export const retired = (fromTable = false): FlowRow => ({ code: FLOW, definition: null, enabled: false, fromTable });

export const columnsOf = (changes: Partial<FlowDefinition> = {}, enabled = true) =>
  flowColumnsOf(definition(changes), enabled);

const ORIGINAL = {
  flows:
    "id, code, description, topic, action, CONCAT(payload_schema, '') AS payload_schema, endpoint_url, last_msg_id, enabled",
  mqtt_servers: "id, host, port, username, password, enabled, is_default",
  data: "id, received_at, flow_code, attribute_name, attribute_value, last_msg_id",
};

/** The older gateway's tables as its own queries see them. */
export const olderTables = async ({ query }: FlowSourceContext) =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(ORIGINAL).map(async ([table, columns]) => {
        const rows = await query(`SELECT ${columns} FROM ${table} ORDER BY id`);
        return [table, rows.map((row) => plain(row))] as const;
      }),
    ),
  );

/** A number that has become a larger type comes as text from some drivers. */
const plain = ({ last_msg_id, ...row }: Readonly<Record<string, unknown>>) => ({
  ...row,
  ...(last_msg_id === undefined ? {} : { lastMessageNumber: Number(last_msg_id) }),
});

/** A database as the older gateway leaves it; JSON as its people have written it. */
export const OLD_SCHEMA = '{ "temperature": "float",  "humidity": {"type": "float"} }';
export const fillOlderTables = async ({ adapter, location, query }: FlowSourceContext): Promise<void> => {
  await adapter.projection.createOlderTables(location);
  await query(`INSERT INTO mqtt_servers (host, port, username, password, enabled, is_default) VALUES
    ('one.example', 1883, NULL, NULL, TRUE, FALSE), ('two.example', 8883, 'user', 'pass', TRUE, TRUE)`);
  await query(`INSERT INTO flows
    (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled) VALUES
    ('AHT10_SENSOR', 'indoor', 'sensors/aht10', 'STORE_DB', '${OLD_SCHEMA}', NULL, 11, TRUE),
    ('AHT10_ENDPOINT', '', 'sensors/aht10/http', 'POST_ENDPOINT', '{}', 'http://127.0.0.1:9000/readings', 0, FALSE)`);
  await query(`INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id) VALUES
    ('2025-06-01 12:00:00', 'AHT10_SENSOR', 'temperature', '21.5', 11)`);
};
