/** The tables `flows` and `mqtt_servers` in the projection's PostgreSQL database: the port is `FlowSource` in the domain. */
import {
  type FlowSource,
  type FlowSourceContent,
  FlowSourceUnavailable,
  type FlowTableColumns,
  type FlowTableRow,
  type MqttServerRow,
  type OverruledEdit,
} from "@sluice/domain";
import type { Pool, PoolClient } from "pg";
import { type PostgresOptions, projectionDefaults } from "./config.ts";
import { close, openPool } from "./connection.ts";
import { FLOW_COLUMNS } from "./projection-store-flows.ts";
import { migrateProjection, PROJECTION_SESSION } from "./projection-store-migrate.ts";
import { consistently, isOfDatabase } from "./transaction.ts";

// As doubles: the driver gives a bigint as text, and one may be larger than JavaScript's whole numbers.
const FLOWS = `SELECT id::float8 AS id, code, ${FLOW_COLUMNS}, last_msg_id::float8 AS "lastMessageNumber"
  FROM flows ORDER BY flows.id`;
const MIRRORED = `SELECT code, ${FLOW_COLUMNS} FROM sluice_flow_mirror`;
const SERVERS = `SELECT id::float8 AS id, host, port::float8 AS port, username, password, enabled IS TRUE AS enabled,
    is_default IS TRUE AS "isDefault", protocol, ca_certs AS "caCerts", certfile, keyfile
  FROM mqtt_servers ORDER BY mqtt_servers.id`;
const OVERRULED = "SELECT id::float8 AS id, code, position, edit FROM sluice_flow_overruled ORDER BY id LIMIT 1000";
const FORGET = "DELETE FROM sluice_flow_overruled WHERE id = ANY ($1)";

type MirrorRow = FlowTableColumns & { readonly code: string };
type OverruledRow = Omit<OverruledEdit, "row"> & { readonly edit: string };

const readAll = async (client: PoolClient): Promise<FlowSourceContent> => {
  const { rows: flows } = await client.query<FlowTableRow>(FLOWS);
  const { rows: mirrored } = await client.query<MirrorRow>(MIRRORED);
  const { rows: servers } = await client.query<MqttServerRow>(SERVERS);
  const { rows: overruled } = await client.query<OverruledRow>(OVERRULED);
  return {
    flows,
    mirrored: new Map(mirrored.map(({ code, ...columns }) => [code, columns])),
    servers,
    overruled: overruled.map(({ edit, ...row }) => ({ ...row, row: JSON.parse(edit) as FlowTableColumns | null })),
  };
};

/**
 * In the schema of the projection store, `public` unless another one is named. A lost connection is replaced by the next
 * call: the source need not be started again.
 */
export class PostgresFlowSource implements FlowSource {
  readonly name = "flows";
  readonly #options: PostgresOptions;
  #pool: Pool | null = null;

  constructor(options: PostgresOptions) {
    this.#options = { ...options, schema: options.schema ?? projectionDefaults.schema };
  }

  /**
   * @throws FlowSourceUnavailable  the server is out of reach
   * @throws UnusableDatabase       the tables are a newer version's or not the older gateway's, or may not be changed
   */
  async start(): Promise<void> {
    if (this.#pool) return;
    await available(() => migrateProjection(this.#options));
    this.#pool = openPool(this.#options, 1, PROJECTION_SESSION);
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    if (pool) await close(pool);
  }

  read(): Promise<FlowSourceContent> {
    return this.#run((pool) => consistently(pool, readAll));
  }

  async recorded(ids: readonly number[]): Promise<void> {
    if (ids.length > 0) await this.#run((pool) => pool.query(FORGET, [ids]));
  }

  async #run<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
    const pool = this.#pool;
    if (!pool) throw new FlowSourceUnavailable("the flow source is not started");
    return available(() => work(pool));
  }
}

const available = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!isOfDatabase(error)) throw error;
    throw new FlowSourceUnavailable(`PostgreSQL: ${error.message}`, { cause: error });
  }
};
