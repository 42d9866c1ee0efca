/** Connections to MariaDB: what every session is set to, transactions, and what an error of the server means. */
import { setTimeout as pause } from "node:timers/promises";
import { ProjectionFull, ProjectionUnavailable } from "@sluice/domain";
import { type Connection, type ConnectionConfig, createConnection, createPool, type Pool, SqlError } from "mariadb";
import { type MariadbOptions, mariadbDefaults } from "./config.ts";

/**
 * Nothing that matters is left to the server's defaults: without strict mode MariaDB cuts what does not fit and goes
 * on (https://mariadb.com/kb/en/sql-mode/). Foreign keys that others have made are not enforced: a row comes from the log
 * and outlives its flow.
 */
const sessionSql = (lockWaitSeconds: number): string[] => [
  "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin",
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
     time_zone = '+00:00', autocommit = 1, foreign_key_checks = 0, unique_checks = 1, check_constraint_checks = 1,
     sql_safe_updates = 0, sql_auto_is_null = 0, innodb_lock_wait_timeout = ${lockWaitSeconds}`,
  "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
];

const connectionConfig = (options: MariadbOptions): ConnectionConfig => {
  const { host, port, user, password, database, tls, connectTimeoutMs, lockWaitSeconds } = {
    ...mariadbDefaults,
    ...options,
  };
  return {
    host,
    port,
    user,
    password,
    database,
    ...(tls === undefined ? {} : { ssl: tls === true ? true : { ...tls } }),
    connectTimeout: connectTimeoutMs,
    initSql: sessionSql(lockWaitSeconds),
    dateStrings: true,
    bigIntAsNumber: true,
    insertIdAsNumber: true,
    autoJsonMap: false,
    // Rows that an UPDATE finds, whether or not it changes them.
    foundRows: true,
    // An error must not carry values of rows.
    logParam: false,
  };
};

export const openPool = (options: MariadbOptions): Pool => {
  const { connectionLimit, acquireTimeoutMs, socketTimeoutMs } = { ...mariadbDefaults, ...options };
  return createPool({
    ...connectionConfig(options),
    connectionLimit,
    minimumIdle: 1,
    acquireTimeout: acquireTimeoutMs,
    socketTimeout: socketTimeoutMs,
  });
};

/**
 * Connections for statements that go through a whole table, minutes without a byte: a server that is gone is found out by
 * TCP instead. READ COMMITTED, as otherwise what `INSERT … SELECT` reads would be locked, and with it all that others
 * insert. What waits for a table that is being changed gives up as what waits for a row does.
 */
export const openPatientPool = (options: MariadbOptions): Pool => {
  const { acquireTimeoutMs, lockWaitSeconds } = { ...mariadbDefaults, ...options };
  const { initSql, ...config } = connectionConfig(options);
  return createPool({
    ...config,
    initSql: [
      ...(initSql as string[]),
      `SET SESSION max_statement_time = 0, lock_wait_timeout = ${Math.max(1, lockWaitSeconds)}`,
      "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    ],
    connectionLimit: PATIENT_CONNECTIONS,
    minimumIdle: 1,
    acquireTimeout: acquireTimeoutMs,
    keepAliveDelay: KEEP_ALIVE_MS,
  });
};
/** One that reads each side, beside one that writes. */
const PATIENT_CONNECTIONS = 3;
const KEEP_ALIVE_MS = 10_000;

/** A connection for migrations: several statements at a time, and a table may take long to change. */
export const openForMigration = (options: MariadbOptions): Promise<Connection> =>
  createConnection({ ...connectionConfig(options), multipleStatements: true });

/** Runs `work` in one transaction; rolled back when it throws. */
export const transact = async <T>(pool: Pool, work: (connection: Connection) => Promise<T>): Promise<T> => {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    const result = await work(connection);
    await commit(connection);
    return result;
  } catch (error) {
    await connection.rollback().catch(() => connection.destroy());
    throw error;
  } finally {
    await connection.release();
  }
};

/** Milliseconds before the second attempt; doubled for each one after. */
const FIRST_PAUSE_MS = 5;

/** As `transact`, and tries it again, so and so often, when it lost a deadlock or waited too long for a lock. */
export const transactAgain = async <T>(
  pool: Pool,
  attempts: number,
  work: (connection: Connection) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(pool, work);
    } catch (error) {
      if (!isTransient(error) || attempt >= attempts) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** attempt * Math.random());
    }
  }
};

/** Runs reads that belong together on one state of the database, whatever other connections write meanwhile. */
export const consistently = async <T>(pool: Pool, read: (connection: Connection) => Promise<T>): Promise<T> => {
  const connection = await pool.getConnection();
  try {
    await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    return await read(connection);
  } finally {
    await connection.rollback().catch(() => connection.destroy());
    await connection.release();
  }
};

/** The connection broke while the server was committing: nobody here knows whether it did. */
export class CommitInDoubt extends Error {
  override readonly name = "CommitInDoubt";
}

const commit = async (connection: Connection): Promise<void> => {
  try {
    await connection.commit();
  } catch (error) {
    if (error instanceof SqlError && !error.fatal) throw error;
    throw new CommitInDoubt("the connection broke during a commit", { cause: error });
  }
};

/** 22 data exception, 23 integrity constraint, 44 check option, 45 SIGNAL of a trigger (SQL:2016, part 2, table 38). */
const DATA_STATES = /^(22|23|44|45)/;

/** The server's words when it refuses the statement by its data, so that trying it again cannot help; else null. */
export const dataError = (error: unknown): string | null =>
  error instanceof SqlError && !error.fatal && DATA_STATES.test(error.sqlState ?? "") ? messageOf(error) : null;

export const ER_DUP_ENTRY = 1062;
export const ER_DB_CREATE_EXISTS = 1007;
/** ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE */
const MISSING: ReadonlySet<number> = new Set([1049, 1146]);
/** ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR */
const DENIED: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227]);
/** ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_NEED_REPREPARE, ER_CHECKREAD (the row has changed since the snapshot) */
const TRANSIENT: ReadonlySet<number> = new Set([1205, 1213, 1615, 1020]);

export const isTransient = (error: unknown): boolean => error instanceof SqlError && TRANSIENT.has(error.errno ?? 0);

/** The database or the table is not there. */
export const isMissing = (error: unknown): boolean => error instanceof SqlError && MISSING.has(error.errno ?? 0);

/** The user is known, but has not the right. */
export const isDenied = (error: unknown): boolean => error instanceof SqlError && DENIED.has(error.errno ?? 0);

export const errorNumber = (error: unknown): number | null =>
  error instanceof SqlError ? (error.errno ?? null) : null;

/** Codes of errors of a socket or of TLS; a program's mistakes have none, or another of Node's ERR_ codes. */
const NETWORK = /^(?!ERR_)|^ERR_(TLS|SSL)_/;

/** Whatever the server, the connection or the network reports beyond refused data may pass. */
/** ER_DISK_FULL, ER_RECORD_FILE_FULL */
const FULL: ReadonlySet<number> = new Set([1021, 1114]);

export const unavailable = (error: unknown): unknown => {
  if (error instanceof SqlError) {
    const Unavailable = FULL.has(error.errno) ? ProjectionFull : ProjectionUnavailable;
    return new Unavailable(`the projection database: ${messageOf(error)}`, { cause: error });
  }
  if (error instanceof CommitInDoubt) return new ProjectionUnavailable(error.message, { cause: error });
  const fromNetwork = error instanceof Error && "code" in error && NETWORK.test(String(error.code));
  return fromNetwork ? new ProjectionUnavailable(error.message, { cause: error }) : error;
};

/** @throws what `unavailable` makes of an error */
export const available = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw unavailable(error);
  }
};

/** Without the statement, which the library appends to `message`. */
const messageOf = (error: SqlError): string => error.sqlMessage ?? error.code ?? error.name;
