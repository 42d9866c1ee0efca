/** Connections to a PostgreSQL server: what they are opened with, pools of them, and what an error means. */
import { Client, type ClientConfig, DatabaseError, Pool } from "pg";
import { type PostgresOptions, postgresDefaults } from "./config.ts";

/** The database cannot be used by this version of the program, and trying again will not help. */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}

/** Added to the name of a projection's schema: of the one that it is made anew in. */
export const REBUILD_SUFFIX = "_rebuild";

const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

/** PostgreSQL would cut a name of more than 63 characters. */
const isSchemaName = (name: string): boolean =>
  SCHEMA.test(name.endsWith(REBUILD_SUFFIX) ? name.slice(0, -REBUILD_SUFFIX.length) : name);

/** @throws UnusableDatabase on a name that would need quoting */
export const schemaOf = ({ schema = postgresDefaults.schema }: PostgresOptions): string => {
  if (isSchemaName(schema)) return schema;
  throw new UnusableDatabase(`schema name ${JSON.stringify(schema)} is not ${SCHEMA.source}`);
};

/**
 * Settings that the stores rely on, whatever the server's, the database's or the role's defaults are.
 *
 * `synchronous_commit`: a commit is on disk when it is answered. `read committed`: see append_events. An open
 * transaction of ours never outlives the process that forgot it by more than a minute.
 */
const SESSION: Readonly<Record<string, string>> = {
  synchronous_commit: "on",
  default_transaction_isolation: "read\\ committed",
  idle_in_transaction_session_timeout: "60000",
  timezone: "UTC",
  datestyle: "ISO",
  jit: "off",
};

const clientConfig = (options: PostgresOptions, session: Readonly<Record<string, string>>): ClientConfig => {
  const { statementTimeoutMs, connectTimeoutMs } = { ...postgresDefaults, ...options };
  const settings = { ...SESSION, ...session, search_path: schemaOf(options) };
  return {
    connectionString: options.url,
    ...(options.tls ? { ssl: options.tls } : {}),
    application_name: `sluice ${schemaOf(options)}`,
    keepAlive: true,
    // By itself the system would wait for two hours before it asks whether the other side is still there.
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 5_000,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
  };
};

/** A pool that opens connections as they are asked for, and replaces those that broke. */
export const openPool = (
  options: PostgresOptions,
  max: number,
  session: Readonly<Record<string, string>> = {},
): Pool => {
  const pool = new Pool({ ...clientConfig(options, session), max, idleTimeoutMillis: 60_000 });
  // Of a connection that broke while nobody used it: the pool has dropped it already.
  pool.on("error", () => undefined);
  return pool;
};

/** A connection of its own, not opened yet. */
export const makeClient = (options: PostgresOptions): Client => new Client(clientConfig(options, {}));

/** Milliseconds that a goodbye may take; a server that is gone never answers it. */
const CLOSE_MS = 3_000;

/** Ends a connection, or a pool once its statements under way have ended; or gives up on it. */
export const close = async (one: Client | Pool): Promise<void> => {
  const { promise: tooLong, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_MS).unref();
  await Promise.race([one.end().catch(() => undefined), tooLong]);
  clearTimeout(timer);
};

/** The SQLSTATE of an error that the server gave; null for any other. */
export const sqlState = (error: unknown): string | null =>
  error instanceof DatabaseError ? (error.code ?? null) : null;

export const UNIQUE_VIOLATION = "23505";

/**
 * Whether the statement failed by its data, so that trying it again cannot help: data exceptions, violated constraints,
 * program limits (https://www.postgresql.org/docs/current/errcodes-appendix.html, classes 22, 23 and 54).
 */
export const isDataError = (error: unknown): boolean => /^(22|23|54)/.test(sqlState(error) ?? "");
