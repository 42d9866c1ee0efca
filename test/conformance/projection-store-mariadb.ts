/**
 * MariaDB for the conformance suite: at 127.0.0.1:3306 with the user root and no password, or where
 * SLUICE_TEST_MARIADB_URL (`mariadb://user:password@host:port`) says. Every test has a database of its own.
 */
import { randomBytes } from "node:crypto";
import { MariadbProjectionStore } from "@sluice/adapter-mariadb";
import { type Connection, createConnection } from "mariadb";
import type { ProjectionStoreAdapter } from "./projection-store-adapters.ts";

const SERVER = process.env.SLUICE_TEST_MARIADB_URL ?? "mariadb://root@127.0.0.1:3306";

/** @param location `mariadb://user:password@host:port/database` */
export const mariadbOptions = (location: string) => {
  const { hostname, port, username, password, pathname } = new URL(location);
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  };
};

export const withMariadb = async <T>(location: string, work: (connection: Connection) => Promise<T>): Promise<T> => {
  const { database, ...server } = mariadbOptions(location);
  const connection = await createConnection({
    ...server,
    ...(database === "" ? {} : { database }),
    bigIntAsNumber: true,
    connectTimeout: 2_000,
  });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
};

/** Makes an empty database with the server's default collation, which does not tell case. */
export const createMariadbDatabase = async (server = SERVER) => {
  const name = `sluice_test_${randomBytes(8).toString("hex")}`;
  await withMariadb(server, (connection) => connection.query(`CREATE DATABASE ${name} COLLATE utf8mb4_general_ci`));
  return {
    location: `${server}/${name}`,
    remove: () => withMariadb(server, async (connection) => void (await connection.query(`DROP DATABASE ${name}`))),
  };
};

/** Null when there is a server; else the reason to skip. With SLUICE_REQUIRE_SERVICES=1 a missing one is an error. */
export const mariadbUnavailable = async (): Promise<string | null> => {
  try {
    await withMariadb(SERVER, (connection) => connection.ping());
    return null;
  } catch (error) {
    const { host, port } = mariadbOptions(SERVER);
    const reason = `MariaDB is missing at ${host}:${port}`;
    if (process.env.SLUICE_REQUIRE_SERVICES === "1") throw new Error(reason, { cause: error });
    return reason;
  }
};

// As SQLAlchemy writes the older gateway's models for MariaDB.
const OLDER_TABLES = [
  `CREATE TABLE mqtt_servers (
    id INTEGER NOT NULL AUTO_INCREMENT, host VARCHAR(255) NOT NULL, port INTEGER NOT NULL, username VARCHAR(255),
    password VARCHAR(255), enabled BOOL NOT NULL, is_default BOOL NOT NULL, PRIMARY KEY (id))`,
  `CREATE TABLE flows (
    id INTEGER NOT NULL AUTO_INCREMENT, code VARCHAR(100) NOT NULL, description VARCHAR(255) NOT NULL,
    topic VARCHAR(255) NOT NULL, action VARCHAR(30) NOT NULL, payload_schema JSON NOT NULL,
    endpoint_url VARCHAR(500), last_msg_id INTEGER NOT NULL, enabled BOOL NOT NULL,
    PRIMARY KEY (id), UNIQUE (code))`,
  `CREATE TABLE data (
    id INTEGER NOT NULL AUTO_INCREMENT, received_at DATETIME NOT NULL, flow_code VARCHAR(100) NOT NULL,
    attribute_name VARCHAR(255) NOT NULL, attribute_value TEXT NOT NULL, last_msg_id INTEGER NOT NULL,
    PRIMARY KEY (id))`,
  "CREATE INDEX ix_data_flow_code ON data (flow_code)",
];

export const mariadb: ProjectionStoreAdapter = {
  name: "mariadb",
  unavailable: mariadbUnavailable,
  create: () => createMariadbDatabase(),
  open: (location, clock) => new MariadbProjectionStore({ ...mariadbOptions(location), clock }),
  query: (location, sql) =>
    withMariadb(location, async (connection) => {
      const result: unknown = await connection.query(sql);
      return Array.isArray(result) ? result : [];
    }),
  createOlderTables: (location) =>
    withMariadb(location, async (connection) => {
      for (const sql of OLDER_TABLES) await connection.query(sql);
    }),
  refuse: (location, attribute) =>
    withMariadb(location, async (connection) => {
      await connection.query("DROP TRIGGER IF EXISTS refuse");
      if (attribute === null) return;
      await connection.query(`CREATE TRIGGER refuse BEFORE INSERT ON data FOR EACH ROW
        IF NEW.attribute_name = '${attribute}' THEN
          SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'this attribute is refused';
        END IF`);
    }),
  notSupported: {},
};
