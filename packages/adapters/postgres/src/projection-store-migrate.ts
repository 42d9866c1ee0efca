/** The tables of the projection, made or brought up to date by whichever of its adapters starts first. */
import { type PostgresOptions, projectionDefaults } from "./config.ts";
import { close, openPool, schemaOf, sqlState, UnusableDatabase } from "./connection.ts";
import { migrate } from "./migrate.ts";

/** A migration may index a table of many millions of rows. */
const MIGRATION_TIMEOUT_MS = 24 * 3_600_000;

/** @throws UnusableDatabase, or what the driver says */
export const migrateProjection = async (
  given: PostgresOptions,
  session: Readonly<Record<string, string>>,
): Promise<void> => {
  const options = { ...given, schema: given.schema ?? projectionDefaults.schema };
  const pool = openPool({ ...options, statementTimeoutMs: MIGRATION_TIMEOUT_MS }, 1, session);
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
