/**
 * Migrations: files `src/sql/<store>/NNNN-<what>.sql`, numbered from 0001 without a gap. All that a schema lacks are
 * applied in one transaction under an advisory lock, so that of several processes that start at once one migrates. What
 * was applied is kept in `sluice_migrations` with a hash, and a file that differs from what was applied is noticed.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Pool, PoolClient } from "pg";
import { UnusableDatabase } from "./connection.ts";

export type StoreName = "events" | "projection";

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly hash: string;
}

/** First key of the advisory lock, the second is of the schema. */
const LOCK = 0x51_1c_e0;

/** @throws UnusableDatabase, or the server's error */
export const migrate = async (pool: Pool, store: StoreName, schema: string): Promise<void> => {
  const migrations = readMigrations(store);
  const client = await pool.connect();
  try {
    await checkEncoding(client);
    // Without a lock when there is nothing to do: then nobody's open transaction can be in the way.
    if ((await applied(client, store, schema, migrations)) === migrations.length) return;
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1, hashtext($2))", [LOCK, schema]);
    // Asked first: IF NOT EXISTS needs the right to make a schema even where there is one.
    const { rows: found } = await client.query("SELECT to_regnamespace($1) IS NOT NULL AS found", [schema]);
    if (!found[0]?.found) await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.sluice_migrations (
      store text COLLATE "C" NOT NULL,
      number integer NOT NULL,
      name text COLLATE "C" NOT NULL,
      hash text COLLATE "C" NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (store, number)
    )`);
    const done = await applied(client, store, schema, migrations);
    for (const [index, { name, sql, hash }] of migrations.entries()) {
      if (index < done) continue;
      await client.query(sql);
      await client.query("INSERT INTO sluice_migrations (store, number, name, hash) VALUES ($1, $2, $3, $4)", [
        store,
        index + 1,
        name,
        hash,
      ]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
};

const checkEncoding = async (client: PoolClient): Promise<void> => {
  const { rows } = await client.query("SHOW server_encoding");
  const encoding = rows[0]?.server_encoding;
  if (encoding !== "UTF8") throw new UnusableDatabase(`the database's encoding is ${encoding}; it must be UTF8`);
};

/** How many have been applied. */
const applied = async (
  client: PoolClient,
  store: StoreName,
  schema: string,
  migrations: readonly Migration[],
): Promise<number> => {
  const table = `${schema}.sluice_migrations`;
  const { rows: found } = await client.query("SELECT to_regclass($1) IS NOT NULL AS found", [table]);
  if (!found[0]?.found) return 0;
  const { rows } = await client.query(`SELECT name, hash FROM ${table} WHERE store = $1 ORDER BY number`, [store]);
  if (rows.length > migrations.length) {
    throw new UnusableDatabase(
      `schema ${schema} has version ${rows.length} of the ${store} store, written by a newer version of Sluice; ` +
        `this one knows ${migrations.length}`,
    );
  }
  for (const [index, { name, hash }] of rows.entries()) {
    const expected = migrations[index] as Migration;
    if (hash !== expected.hash) {
      throw new UnusableDatabase(
        `schema ${schema} was made with ${name}, which is not the ${expected.name} of this program`,
      );
    }
  }
  return rows.length;
};

const readMigrations = (store: StoreName): readonly Migration[] => {
  const directory = new URL(`./sql/${store}/`, import.meta.url);
  const files = readdirSync(directory)
    .filter((file) => file.endsWith(".sql"))
    .sort();
  return files.map((name, index) => {
    if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`${store}: ${name} is not migration ${index + 1}`);
    const sql = readFileSync(new URL(name, directory), "utf8");
    return { name, sql, hash: createHash("sha256").update(sql).digest("hex") };
  });
};
