/** The PostgreSQL server that tests use, and a schema on it for each of them. */
import { randomBytes } from "node:crypto";
import type { QueryResultRow } from "pg";
import pg from "pg";
import { requireService } from "./services.ts";

export const postgresUrl = process.env.SLUICE_TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";

/** Runs statements on a connection of its own, in the schema. */
export const inPostgres = async <T extends QueryResultRow>(schema: string, sql: string): Promise<readonly T[]> => {
  const client = new pg.Client({
    connectionString: postgresUrl,
    connectionTimeoutMillis: 3_000,
    options: `-c search_path=${schema}`,
  });
  // Of a server that goes away; the query says it too.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Why tests that need the server are skipped, null when it is there. @throws where SLUICE_REQUIRE_SERVICES=1 */
export const postgresUnavailable = async (): Promise<string | null> => {
  const problem = await inPostgres("public", "SELECT 1").then(
    () => null,
    (error: Error) => error.message || String(error),
  );
  let reason: string | null = null;
  const skip = (): void => {
    reason = `no PostgreSQL: ${problem}`;
  };
  requireService({ skip }, "PostgreSQL", problem === null);
  return reason;
};

/** A schema, empty and not made yet, that nobody else uses. */
export const makeSchema = async (): Promise<{ readonly location: string; remove(): Promise<void> }> => {
  const location = `sluice_test_${randomBytes(8).toString("hex")}`;
  return {
    location,
    remove: async () => {
      await inPostgres("public", `SET client_min_messages = warning; DROP SCHEMA IF EXISTS ${location} CASCADE`);
    },
  };
};
