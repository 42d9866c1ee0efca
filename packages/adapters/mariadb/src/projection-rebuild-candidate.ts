/** The candidate's database, `<database>_rebuild` on the same server: making it, knowing it again, taking it away. */
import { createHash } from "node:crypto";
import { ProjectionUnavailable, RebuildImpossible } from "@sluice/domain";
import type { Pool } from "mariadb";
import { ER_DB_CREATE_EXISTS, errorNumber, isDenied, isMissing } from "./connection.ts";

const SUFFIX = "_rebuild";
/** Of a database's name, and of the pattern by which a right is granted. */
const NAME_CHARACTERS = 64;
/** The table that tells that the database is ours, and for which rebuild. */
export const MARK = "sluice_rebuild";

interface Mark {
  /** Of the rebuild; empty when the mark was not finished. */
  readonly id: string;
  /** Whether the database was made for it, and goes with it. */
  readonly made: boolean;
}

type Found = { readonly kind: "missing" | "empty" | "foreign" } | { readonly kind: "ours"; readonly mark: Mark };

export const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** `_` and `%` stand for any characters there. */
const patternOf = (database: string): string => database.replace(/[_%]/g, "\\$&");

/** Cut, and told apart by a hash, where it could not be named or no right on it granted. */
export const candidateDatabase = (live: string): string => {
  const hash = createHash("sha256").update(live).digest("hex").slice(0, 8);
  let name = `${live}${SUFFIX}`;
  for (let kept = live; patternOf(name).length > NAME_CHARACTERS; name = `${kept}_${hash}${SUFFIX}`) {
    kept = kept.slice(0, -1);
  }
  return name;
};

/**
 * The database with this rebuild's mark. What another rebuild has left in it is dropped.
 * @throws RebuildImpossible when a database of the name is somebody else's
 */
export const makeCandidate = async (pool: Pool, database: string, id: string): Promise<void> => {
  let made = await createDatabase(pool, database);
  const found: Found = made ? { kind: "empty" } : await find(pool, database);
  if (found.kind === "foreign") throw new RebuildImpossible(foreign(database));
  if (found.kind === "ours") {
    if (found.mark.id === id) return;
    await dropTables(pool, database, await listTables(pool, database));
    made = found.mark.made;
  }
  const mark = `${quoted(database)}.${MARK}`;
  await pool.query(`CREATE TABLE ${mark} (id TEXT NOT NULL, made BOOLEAN NOT NULL)
    ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`);
  await pool.query(`INSERT INTO ${mark} (id, made) VALUES (?, ?)`, [id, made]);
};

/** Nothing where there is none, or what is there is somebody else's. A database that was there before is only emptied. */
export const dropCandidate = async (pool: Pool, database: string): Promise<void> => {
  const found = await find(pool, database).catch((error: unknown): Found => {
    // MariaDB does not say whether there is a database that the user has no right on.
    if (isDenied(error)) return { kind: "missing" };
    throw error;
  });
  if (found.kind !== "ours") return;
  const tables = await listTables(pool, database);
  if (!found.mark.made) return dropTables(pool, database, tables);
  // DROP DATABASE that stops half-way would leave tables without the mark.
  const others = tables.filter(({ name }) => name !== MARK);
  await dropTables(pool, database, others);
  await pool.query(`DROP DATABASE ${quoted(database)}`);
};

/**
 * Runs `work`, which needs rights on the candidate's database.
 * @throws RebuildImpossible when the user has them not
 */
export const withRights = async <T>(pool: Pool, database: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof ProjectionUnavailable ? error.cause : error;
    if (!isDenied(reason)) throw error;
    const [row] = await pool.query<{ account: string }[]>("SELECT CURRENT_USER() AS account");
    const account = accountOf(row?.account ?? "");
    throw new RebuildImpossible(
      `${account} may not keep tables in the database ${database}, where the projection is made anew. An administrator ` +
        `of the server has to run: GRANT ALL PRIVILEGES ON ${quoted(patternOf(database))}.* TO ${account};`,
      { cause: error },
    );
  }
};

const foreign = (database: string): string =>
  `the database ${database}, where the projection would be made anew, has tables that are not a rebuild's; ` +
  "an administrator of the server has to move them elsewhere, or to remove that database";

/** `'user'@'host'`; a user's name may have an `@`, a host's not. */
const accountOf = (account: string): string => {
  const at = account.lastIndexOf("@");
  return [account.slice(0, at), account.slice(at + 1)].map((part) => `'${part.replaceAll("'", "''")}'`).join("@");
};

/** @returns false when there is one */
const createDatabase = async (pool: Pool, database: string): Promise<boolean> => {
  try {
    await pool.query(`CREATE DATABASE ${quoted(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`);
    return true;
  } catch (error) {
    if (errorNumber(error) !== ER_DB_CREATE_EXISTS) throw error;
    return false;
  }
};

const find = async (pool: Pool, database: string): Promise<Found> => {
  try {
    const tables = await listTables(pool, database);
    if (tables.length === 0) return { kind: "empty" };
    if (!tables.some(({ name }) => name === MARK)) return { kind: "foreign" };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { kind: "missing" };
  }
  const [mark] = await pool.query<{ id: string; made: number }[]>(`SELECT id, made FROM ${quoted(database)}.${MARK}`);
  return { kind: "ours", mark: { id: mark?.id ?? "", made: mark?.made === 1 } };
};

interface Table {
  readonly name: string;
  readonly type: string;
}

const listTables = async (pool: Pool, database: string): Promise<readonly Table[]> => {
  const sql = `SHOW FULL TABLES FROM ${quoted(database)}`;
  const rows = await pool.query<[name: string, type: string][]>({ sql, rowsAsArray: true });
  return rows.map(([name, type]) => ({ name, type }));
};

/** The mark last, so that what is left after a stop half-way is still ours. */
const dropTables = async (pool: Pool, database: string, tables: readonly Table[]): Promise<void> => {
  const markLast = tables.toSorted((one, other) => Number(one.name === MARK) - Number(other.name === MARK));
  for (const { name, type } of markLast) {
    await pool.query(`DROP ${type === "VIEW" ? "VIEW" : "TABLE"} IF EXISTS ${quoted(database)}.${quoted(name)}`);
  }
};
