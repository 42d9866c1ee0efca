/**
 * The tables' migrations: files `src/sql/projection/NNNN-<what>.sql`, numbered from 0001 without a gap.
 *
 * MariaDB commits at every change of a table, so that a migration can stop half-way. Each is therefore written so that
 * it can run again, and its number is noted in `sluice_schema` when it is through. A named lock lets one process at a
 * time migrate a database.
 */
import { readdirSync, readFileSync } from "node:fs";
import { ProjectionUnavailable } from "@sluice/domain";
import type { Connection } from "mariadb";
import type { MariadbOptions } from "./config.ts";
import { openForMigration } from "./connection.ts";

/** The database cannot be used by this version of the program, and trying again will not help. */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}

const LOCK_SECONDS = 60;
/** The name of a lock is the whole server's and has at most 64 characters. */
const LOCK = "CONCAT('sluice-', MD5(DATABASE()))";

const VERSIONS = `CREATE TABLE IF NOT EXISTS sluice_schema (version INT NOT NULL PRIMARY KEY) ENGINE = InnoDB`;

/**
 * Brings the database's tables to the newest schema.
 * @throws UnusableDatabase       on a newer schema, or a server that is no MariaDB
 * @throws ProjectionUnavailable  when another process migrates it for longer than a minute
 */
export const migrate = async (options: MariadbOptions): Promise<void> => {
  const connection = await openForMigration(options);
  try {
    const [server] = await connection.query<{ version: string }[]>("SELECT VERSION() AS version");
    if (!server?.version.includes("MariaDB")) {
      throw new UnusableDatabase(`${options.database} is on a server that is no MariaDB: ${server?.version}`);
    }
    const [lock] = await connection.query<{ got: number | null }[]>(`SELECT GET_LOCK(${LOCK}, ${LOCK_SECONDS}) AS got`);
    if (lock?.got !== 1) throw new ProjectionUnavailable(`${options.database} is being migrated by another process`);
    await apply(connection, options.database);
  } finally {
    // Ends the session, and the lock with it.
    await connection.end();
  }
};

const apply = async (connection: Connection, database: string): Promise<void> => {
  const migrations = readMigrations();
  await connection.query(VERSIONS);
  const [found] = await connection.query<{ version: number | null }[]>(
    "SELECT MAX(version) AS version FROM sluice_schema",
  );
  const version = found?.version ?? 0;
  if (version > migrations.length) {
    throw new UnusableDatabase(
      `${database} has schema version ${version}, written by a newer version of Sluice; this one knows ${migrations.length}`,
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    await connection.query(sql);
    await connection.query("INSERT INTO sluice_schema (version) VALUES (?)", [index + 1]);
  }
};

const readMigrations = (): readonly string[] => {
  const directory = new URL("./sql/projection/", import.meta.url);
  const files = readdirSync(directory)
    .filter((file) => file.endsWith(".sql"))
    .sort();
  files.forEach((file, index) => {
    if (Number(file.slice(0, 4)) !== index + 1) throw new Error(`${file} is not migration ${index + 1}`);
  });
  return files.map((file) => readFileSync(new URL(file, directory), "utf8"));
};
