/** The tables `flows` and `mqtt_servers` in the projection's MariaDB database: the port is `FlowSource` in the domain. */
import {
  type FlowSource,
  type FlowSourceContent,
  FlowSourceUnavailable,
  type FlowTableColumns,
  type MqttServerRow,
  type OverruledEdit,
  ProjectionUnavailable,
} from "@sluice/domain";
import type { Connection, Pool } from "mariadb";
import type { MariadbOptions } from "./config.ts";
import { consistently, openPool, unavailable } from "./connection.ts";
import { FLOW_COLUMNS, type FlowColumnsRow, flowColumns } from "./flow-rows.ts";
import { migrate } from "./migrations.ts";

// An id or a number may be larger than JavaScript's whole numbers; as doubles they are no reason to throw.
const FLOWS = `SELECT CAST(id AS DOUBLE) AS id, code, ${FLOW_COLUMNS}, CAST(last_msg_id AS DOUBLE) AS lastMessageNumber
  FROM flows ORDER BY flows.id`;
const MIRRORED = `SELECT code, ${FLOW_COLUMNS} FROM flow_mirror`;
const SERVERS = `SELECT CAST(id AS DOUBLE) AS id, host, CAST(port AS DOUBLE) AS port, username, password,
    enabled IS TRUE AS enabled, is_default IS TRUE AS isDefault, protocol, ca_certs AS caCerts, certfile, keyfile
  FROM mqtt_servers ORDER BY mqtt_servers.id`;
const OVERRULED = "SELECT id, code, position, edit FROM flow_overruled ORDER BY id LIMIT 1000";
const FORGET = "DELETE FROM flow_overruled WHERE id IN (?)";

interface FlowsRow extends FlowColumnsRow {
  readonly id: number;
  readonly code: string;
  readonly lastMessageNumber: number;
}

interface ServersRow extends Omit<MqttServerRow, "enabled" | "isDefault"> {
  readonly enabled: number;
  readonly isDefault: number;
}

interface OverruledRow extends Omit<OverruledEdit, "row"> {
  readonly edit: string;
}

const readAll = async (connection: Connection): Promise<FlowSourceContent> => {
  const flows = await connection.query<FlowsRow[]>(FLOWS);
  const mirrored = await connection.query<FlowsRow[]>(MIRRORED);
  const servers = await connection.query<ServersRow[]>(SERVERS);
  const overruled = await connection.query<OverruledRow[]>(OVERRULED);
  return {
    flows: flows.map((row) => ({
      id: row.id,
      code: row.code,
      ...flowColumns(row),
      lastMessageNumber: row.lastMessageNumber,
    })),
    mirrored: new Map(mirrored.map((row) => [row.code, flowColumns(row)])),
    servers: servers.map((row) => ({ ...row, enabled: row.enabled === 1, isDefault: row.isDefault === 1 })),
    overruled: overruled.map(({ edit, ...row }) => ({ ...row, row: JSON.parse(edit) as FlowTableColumns | null })),
  };
};

/** A lost connection is replaced by the next call: the source need not be started again. */
export class MariadbFlowSource implements FlowSource {
  readonly name = "flows";
  readonly #options: MariadbOptions;
  #pool: Pool | null = null;

  constructor(options: MariadbOptions) {
    this.#options = options;
  }

  /**
   * @throws FlowSourceUnavailable  the server is out of reach, or refuses the user
   * @throws UnusableDatabase       the tables are a newer version's
   */
  async start(): Promise<void> {
    if (this.#pool) return;
    await available(() => migrate(this.#options));
    this.#pool = openPool({ ...this.#options, connectionLimit: 1 });
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    await pool?.end();
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
    const reason = unavailable(error);
    throw reason instanceof ProjectionUnavailable
      ? new FlowSourceUnavailable(reason.message, { cause: reason.cause })
      : reason;
  }
};
