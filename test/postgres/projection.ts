/** What the tests of the PostgreSQL projection start from: a schema, or a database with settings of its own. */
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type PostgresProjectionOptions, PostgresProjectionStore } from "@sluice/adapter-postgres";
import pg from "pg";
import { OLDER_TABLES } from "../conformance/projection-store-postgres.ts";
import { inPostgres, makeSchema, postgresUrl } from "../support/postgres.ts";

type Options = Omit<PostgresProjectionOptions, "url"> & { readonly url?: string };

/** A schema for one test, and stores on it that are stopped after it. */
export const makeProjection = async (t: TestContext) => {
  const { location: schema, remove } = await makeSchema();
  const stores: PostgresProjectionStore[] = [];
  const clients: pg.Client[] = [];
  t.after(async () => {
    // Before the schema goes, which an open transaction would hold up.
    for (const client of clients) await client.end();
    for (const store of stores) await store.stop();
    await remove();
  });
  const make = (options: Options = {}): PostgresProjectionStore => {
    const store = new PostgresProjectionStore({ url: postgresUrl, schema, ...options });
    stores.push(store);
    return store;
  };
  return {
    schema,
    make,
    open: async (options: Options = {}): Promise<PostgresProjectionStore> => {
      const store = make(options);
      await store.start();
      return store;
    },
    /** A connection of somebody else's. */
    connect: async (): Promise<pg.Client> => {
      const client = await connect(postgresUrl, schema);
      clients.push(client);
      return client;
    },
    query: (sql: string) => inPostgres<Record<string, unknown>>(schema, sql),
    /** The older gateway's tables, with a flow and a row. */
    makeOlderTables: () =>
      inPostgres(
        schema,
        `CREATE SCHEMA ${schema}; ${OLDER_TABLES}
        INSERT INTO flows (code, description, topic, action, payload_schema, last_msg_id, enabled)
          VALUES ('OLD', 'indoor', 'sensors/aht10', 'STORE_DB', '{"temperature": "float"}', 11, true);
        INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
          VALUES ('2025-06-01 12:00:00', 'OLD', 'temperature', '21.5', 11);`,
      ),
  };
};

export type Projection = Awaited<ReturnType<typeof makeProjection>>;

/** A lock that somebody else holds. */
export const untilSomeoneWaits = async ({ schema, query }: Projection): Promise<void> => {
  // Not on a connection in a transaction, where what this tells stands still.
  const waiting = `SELECT FROM pg_stat_activity
    WHERE application_name = 'sluice ${schema}' AND wait_event_type = 'Lock' AND state = 'active'`;
  while ((await query(waiting)).length === 0) await pause(5);
};

export const endConnections = ({ schema, query }: Projection) =>
  query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice ${schema}'`);

/** A database that is dropped after the test. */
export const makeDatabase = async (t: TestContext): Promise<{ readonly name: string; readonly url: string }> => {
  const name = `sluice_test_${randomBytes(8).toString("hex")}`;
  await inPostgres("public", `CREATE DATABASE ${name}`);
  t.after(() => inPostgres("public", `DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return { name, url: url.href };
};

const connect = async (url: string, schema: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` });
  client.on("error", () => undefined);
  await client.connect();
  return client;
};
