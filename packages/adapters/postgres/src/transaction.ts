/** Transactions, and what an error means that comes out of one. */
import { setTimeout as pause } from "node:timers/promises";
import { DatabaseError, type Pool, type PoolClient } from "pg";
import { sqlState } from "./connection.ts";

/** The connection broke while the server was committing: nobody here knows whether it did. */
export class CommitInDoubt extends Error {
  override readonly name = "CommitInDoubt";
}

/**
 * Errors after which the server ends the connection: connection exceptions, operator intervention, too many connections,
 * a transaction idle or open for too long, internal errors. Not told by `severity`, which is in the server's language.
 */
const FATAL = /^(08|28|3D|53300|57P|25P0[34]|XX)/;

/** The server refuses the statement, and the connection goes on. */
const isRefusal = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && error.code !== undefined && !FATAL.test(error.code);

const isLoss = (error: unknown): boolean => isOfDatabase(error) && !isRefusal(error);

/** Lends a connection. One that broke meanwhile does not go back into the pool. */
export const withClient = async <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  let lost = false;
  // Of a connection that breaks between two statements: the next one says it too.
  const lose = (): void => {
    lost = true;
  };
  client.on("error", lose);
  try {
    return await work(client);
  } catch (error) {
    if (isLoss(error)) lost = true;
    throw error;
  } finally {
    client.off("error", lose);
    client.release(lost);
  }
};

/**
 * Runs `work` in one transaction; rolled back when it throws. Constraints are checked at once, also those that others
 * have made to be checked at its end, where nobody could tell which row is at fault.
 */
export const transact = <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> =>
  withClient(pool, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET CONSTRAINTS ALL IMMEDIATE");
    const result = await orRollback(client, work);
    await commit(client);
    return result;
  });

/** Milliseconds before the second attempt; doubled for each one after. */
const FIRST_PAUSE_MS = 5;

/** `transact`; a transaction that lost a deadlock, or its like, is tried again until it was tried so often. */
export const transactAgain = async <T>(
  pool: Pool,
  attempts: number,
  work: (client: PoolClient) => Promise<T>,
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
export const consistently = <T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> =>
  withClient(pool, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const result = await orRollback(client, read);
    await client.query("COMMIT");
    return result;
  });

const orRollback = async <T>(client: PoolClient, work: (client: PoolClient) => Promise<T>): Promise<T> => {
  try {
    return await work(client);
  } catch (error) {
    if (!isLoss(error)) await client.query("ROLLBACK");
    throw error;
  }
};

const commit = async (client: PoolClient): Promise<void> => {
  try {
    const { command } = await client.query("COMMIT");
    // What a transaction that has failed before answers.
    if (command !== "COMMIT") throw new Error(`COMMIT was answered by ${command}`);
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new CommitInDoubt("the connection broke during a commit", { cause: error });
  }
};

/**
 * The server's words when it refuses the statement by its data, so that trying it again cannot help; else null. Data
 * exceptions, violated constraints and checks of views, program limits, what a trigger raises
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html, classes 22, 23, 44, 54 and P0).
 *
 * Not the data's fault: a sequence that has come to its end (2200H), and a row that no partition is for, which is a
 * violated check without a constraint.
 */
export const dataError = (error: unknown): string | null => {
  if (!isRefusal(error) || !/^(22|23|44|54|P0)/.test(error.code ?? "")) return null;
  if (error.code === "2200H" || (error.code === "23514" && error.constraint === undefined)) return null;
  return error.message;
};

/** serialization_failure, deadlock_detected, lock_not_available */
const TRANSIENT: ReadonlySet<string | null> = new Set(["40001", "40P01", "55P03"]);

export const isTransient = (error: unknown): boolean => TRANSIENT.has(sqlState(error));

/** What `pg` says of a connection that is lost, late or not to be had; these errors have no code. */
const OF_CONNECTION =
  /^(Connection terminated|Query read timeout|timeout |Client has encountered|Client was closed|Cannot use a pool|The server does not support SSL|There was an error establishing an SSL)/i;

/** Whether the error is of the server or the connection, and no mistake of the program's. */
export const isOfDatabase = (error: unknown): error is Error =>
  error instanceof DatabaseError ||
  error instanceof CommitInDoubt ||
  (error instanceof Error &&
    (typeof (error as { code?: unknown }).code === "string" || OF_CONNECTION.test(error.message)));
