/** The tables `flows` and `mqtt_servers` in the projection's SQLite database: the port is `FlowSource` in the domain. */
import type { DatabaseSync } from "node:sqlite";
import {
  type FlowSource,
  type FlowSourceContent,
  FlowSourceUnavailable,
  type FlowTableColumns,
  type FlowTableRow,
  type MqttServerRow,
  type OverruledEdit,
} from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { openDatabase, resultCode, transact } from "./connection.ts";
import { FLOW_COLUMNS, flowColumns } from "./flow-rows.ts";

// Whole numbers as doubles: SQLite's may be larger than JavaScript's, and a row is no reason to throw.
const FLOWS = `SELECT CAST(id AS REAL) AS id, CAST(code AS TEXT) AS code, ${FLOW_COLUMNS},
    CAST(COALESCE(last_msg_id, 0) AS REAL) AS lastMessageNumber
  FROM flows ORDER BY id`;
const MIRRORED = `SELECT code, ${FLOW_COLUMNS} FROM flow_mirror`;
const SERVERS = `SELECT CAST(id AS REAL) AS id, CAST(host AS TEXT) AS host, CAST(port AS REAL) AS port,
    CAST(username AS TEXT) AS username, CAST(password AS TEXT) AS password, enabled IS TRUE AS enabled,
    is_default IS TRUE AS isDefault, CAST(protocol AS TEXT) AS protocol, CAST(ca_certs AS TEXT) AS caCerts,
    CAST(certfile AS TEXT) AS certfile, CAST(keyfile AS TEXT) AS keyfile
  FROM mqtt_servers ORDER BY id`;
const OVERRULED = "SELECT id, code, position, edit FROM flow_overruled ORDER BY id LIMIT 1000";
const FORGET = "DELETE FROM flow_overruled WHERE id = ?";

type Row = Readonly<Record<string, unknown>>;

const flowRow = (row: Row): FlowTableRow => ({
  id: row.id as number,
  code: (row.code as string | null) ?? "",
  ...flowColumns(row),
  lastMessageNumber: row.lastMessageNumber as number,
});

const serverRow = (row: Row): MqttServerRow => ({
  ...(row as unknown as MqttServerRow),
  enabled: row.enabled === 1,
  isDefault: row.isDefault === 1,
});

const overruledEdit = ({ edit, ...row }: Row): OverruledEdit => ({
  ...(row as unknown as OverruledEdit),
  row: JSON.parse(edit as string) as FlowTableColumns | null,
});

/** Every call runs in the calling thread, to its end. */
export class SqliteFlowSource implements FlowSource {
  readonly name = "flows";
  readonly #options: DatabaseOptions;
  #database: DatabaseSync | null = null;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  /** @throws UnusableDatabase when the file is another store's or a newer version's */
  async start(): Promise<void> {
    this.#database ??= available(() => openDatabase("projection", this.#options));
  }

  async stop(): Promise<void> {
    this.#database?.close();
    this.#database = null;
  }

  async read(): Promise<FlowSourceContent> {
    return this.#run((database) => {
      const all = (sql: string): readonly Row[] => database.prepare(sql).all();
      database.exec("BEGIN");
      try {
        return {
          flows: all(FLOWS).map(flowRow),
          mirrored: new Map(all(MIRRORED).map((row) => [row.code as string, flowColumns(row)])),
          servers: all(SERVERS).map(serverRow),
          overruled: all(OVERRULED).map(overruledEdit),
        };
      } finally {
        if (database.isTransaction) database.exec("COMMIT");
      }
    });
  }

  async recorded(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    this.#run((database) =>
      transact(database, () => {
        const forget = database.prepare(FORGET);
        for (const id of ids) forget.run(id);
      }),
    );
  }

  #run<T>(work: (database: DatabaseSync) => T): T {
    const database = this.#database;
    if (!database) throw new FlowSourceUnavailable("the flow source is not started");
    return available(() => work(database));
  }
}

/** Whatever SQLite reports (locked, disk full, a table that was dropped) may pass. */
const available = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (resultCode(error) === null) throw error;
    throw new FlowSourceUnavailable(`the projection database: ${(error as Error).message}`, { cause: error });
  }
};
