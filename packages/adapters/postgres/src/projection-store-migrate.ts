/**
 * The tables of the projection, made or brought up to date by whichever of its adapters starts first, and what every
 * session on them is set to.
 */
import { type PostgresOptions, projectionDefaults } from "./config.ts";
import { close, openPool, schemaOf, sqlState, UnusableDatabase } from "./connection.ts";
import { migrate } from "./migrate.ts";

/**
 * Every statement is answered by an index. Without the first four a plan made while a table was small would read the
 * whole of it long after it has grown. The others could be set otherwise for the server, the database or the role.
 */
export const PROJECTION_SESSION = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_indexscan: "on",
  enable_indexonlyscan: "on",
  enable_nestloop: "on",
  enable_partition_pruning: "on",
  standard_conforming_strings: "on",
  default_transaction_read_only: "off",
  array_nulls: "on",
  lock_timeout: "0",
  client_min_messages: "warning",
} as const;

/** A migration may index a table of many millions of rows. */
const MIGRATION_TIMEOUT_MS = 24 * 3_600_000;

/** @throws UnusableDatabase, or what the driver says */
export const migrateProjection = async (given: PostgresOptions): Promise<void> => {
  const options = { ...given, schema: given.schema ?? projectionDefaults.schema };
  const pool = openPool({ ...options, statementTimeoutMs: MIGRATION_TIMEOUT_MS }, 1, PROJECTION_SESSION);
  try {
    await migrate(pool, "projection", schemaOf(options));
  } catch (error) {
    // The server understands, and will refuse it again: what a migration raises, or a name, a right, an object.
    if (!/^(42|P0001|0A|2BP)/.test(sqlState(error) ?? "")) throw error;
    throw new UnusableDatabase(`schema ${schemaOf(options)}: ${(error as Error).message}`, { cause: error });
  } finally {
    await close(pool);
  }
};
