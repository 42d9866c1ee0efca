/**
 * What a switch changes, and what it keeps: tables `sluice_before_…`, made anew by each switch with all columns that
 * the tables have by then, also those that people have added.
 */
import { escapeIdentifier, type PoolClient } from "pg";

/** Columns of `data` that the log gives. */
export const DATA_COLUMNS = [
  "received_at",
  "flow_code",
  "attribute_name",
  "attribute_value",
  "last_msg_id",
  "event_id",
  "message_id",
  "action",
  "value_type",
  "value_number",
  "device_time",
  "exact_value",
] as const;

const NO_TEXT: ReadonlySet<string> = new Set(["received_at", "last_msg_id", "value_number", "device_time"]);

/** By bytes, whatever collation an adopted column has. */
const comparable = (table: string, column: string): string =>
  NO_TEXT.has(column) ? `${table}.${column}` : `${table}.${column}::text COLLATE "C"`;

/** A condition: that two rows of one event are not the same. */
export const differ = (left: string, right: string): string =>
  DATA_COLUMNS.map((column) => `${comparable(left, column)} IS DISTINCT FROM ${comparable(right, column)}`).join(
    " OR ",
  );

/** For `UPDATE data SET …`. */
export const assignments = (from: string): string =>
  DATA_COLUMNS.map((column) => `${column} = ${from}.${column}`).join(", ");

/** Rows that are as they were before the switch: removed or changed by it. */
export const BEFORE = "sluice_before_data";
/** Which of them were changed: their event, time and id before, and the time that they have now. */
export const CHANGED = "sluice_before_changed";
/** Event and id of rows that the switch has added. */
export const ADDED = "sluice_before_added";

/** Kept as they were, all of them. */
export const WHOLE_TABLES = ["sluice_dead_letters", "sluice_dead_messages", "sluice_counts"] as const;
type WholeTable = (typeof WHOLE_TABLES)[number];
export const beforeOf = (table: WholeTable): string => table.replace("sluice_", "sluice_before_");

const BEFORE_TABLES = [BEFORE, CHANGED, ADDED, ...WHOLE_TABLES.map(beforeOf)];

/** Within a transaction of the caller's; from then on no switch can be rolled back. */
export const forgetSwitch = async (client: PoolClient): Promise<void> => {
  await client.query("DELETE FROM sluice_switch");
  await client.query(`DROP TABLE IF EXISTS ${BEFORE_TABLES.join(", ")}`);
};

const SHARED_COLUMNS = `SELECT a.attname AS name FROM pg_attribute AS a
  JOIN pg_attribute AS other ON other.attname = a.attname AND other.attrelid = to_regclass($2)
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    AND other.attnum > 0 AND NOT other.attisdropped
  ORDER BY a.attnum`;

/** Columns, as SQL names them, that can be written into one table from another. */
export const sharedColumns = async (client: PoolClient, into: string, from: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string }>(SHARED_COLUMNS, [into, from]);
  return rows.map(({ name }) => escapeIdentifier(name));
};

/** What they hold instead, within a transaction of the caller's. @param numbers of dead letters: as they are there, or new ones */
export const replaceWhole = async (
  client: PoolClient,
  from: (table: WholeTable) => string,
  numbers: "theirs" | "new",
): Promise<void> => {
  await replaceLetters(client, from("sluice_dead_letters"), numbers);
  for (const table of ["sluice_dead_messages", "sluice_counts"] as const) {
    const columns = (await sharedColumns(client, table, from(table))).join(", ");
    await client.query(`DELETE FROM ${table}`);
    await client.query(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${from(table)}`);
  }
};

/** A letter that stays keeps its number, so that who is paging through them goes on as before; new numbers come last. */
const replaceLetters = async (client: PoolClient, from: string, numbers: "theirs" | "new"): Promise<void> => {
  const table = "sluice_dead_letters";
  const [seq, hash] = [escapeIdentifier("seq"), escapeIdentifier("id_hash")];
  const columns = (await sharedColumns(client, table, from)).filter((column) => column !== seq);
  const rest = columns.filter((column) => column !== hash);
  const match = numbers === "new" ? "l.id_hash = f.id_hash" : "l.id_hash = f.id_hash AND l.seq = f.seq";
  const inserted = [...(numbers === "new" ? [] : [seq]), ...columns].join(", ");
  const all = (alias: string): string => rest.map((column) => `${alias}.${column}`).join(", ");

  await client.query(`DELETE FROM ${table} AS l WHERE NOT EXISTS (SELECT FROM ${from} AS f WHERE ${match})`);
  await client.query(`UPDATE ${table} AS l SET (${rest.join(", ")}) = ROW (${all("f")})
    FROM ${from} AS f WHERE ${match} AND (${all("l")}) IS DISTINCT FROM (${all("f")})`);
  await client.query(`INSERT INTO ${table} (${inserted}) OVERRIDING SYSTEM VALUE
    SELECT ${inserted} FROM ${from} AS f
    WHERE NOT EXISTS (SELECT FROM ${table} AS l WHERE ${match}) ORDER BY f.seq`);
};
