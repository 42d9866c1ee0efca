/** Columns that a switch-over writes: ours, and those that people have added to `data`. */
import type { Connection } from "mariadb";

const TEXTS = ["flow_code", "attribute_name", "attribute_value", "event_id", "message_id", "action", "value_type"];
const OTHERS = ["received_at", "last_msg_id", "value_number", "device_time"];
/** Of `data`: ours, but for the id. */
export const DATA_COLUMNS: readonly string[] = [...OTHERS, ...TEXTS];

const OURS: ReadonlySet<string> = new Set(["id", ...DATA_COLUMNS]);

/** Of `dead_letters`, but for the number. */
export const LETTER_COLUMNS: readonly string[] = [
  "id_hash",
  "id",
  "kind",
  "flow",
  "action",
  "message_id",
  "message_number",
  "attribute",
  "reason",
  "attempts",
  "dead_at",
  "event_id",
  "content",
  "cause",
  "cause_attribute",
];

/** Texts by their bytes, whatever collation a column has that was there before. */
export const EQUAL = [
  ...OTHERS.map((column) => `live.${column} <=> candidate.${column}`),
  ...TEXTS.map((column) => `BINARY live.${column} <=> BINARY candidate.${column}`),
].join(" AND ");

/**
 * Theirs. A row that is changed keeps them. Those of a row that is removed are kept as one value of MariaDB's dynamic
 * columns, from which a roll-back takes them again.
 */
export interface TheirColumns {
  readonly names: readonly string[];
  /** Of `live`, as one value. */
  readonly kept: string;
  /** Each taken out of `theirs`. */
  readonly restored: readonly string[];
}

const readAs = (type: string): string => {
  if (/blob$|binary$/.test(type)) return "BINARY";
  if (type === "bit") return "UNSIGNED";
  return type === "float" || type === "double" ? "DOUBLE" : "CHAR CHARACTER SET utf8mb4";
};

export const readTheirColumns = async (connection: Connection): Promise<TheirColumns> => {
  const columns = await connection.query<{ name: string; type: string }[]>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'data' AND is_generated = 'NEVER'
     ORDER BY ordinal_position`,
  );
  const theirs = columns.filter(({ name }) => !OURS.has(name.toLowerCase()));
  const pairs = theirs.map(({ name }) => `${connection.escape(name)}, live.${connection.escapeId(name)}`);
  return {
    names: theirs.map(({ name }) => connection.escapeId(name)),
    kept: pairs.length === 0 ? "NULL" : `COLUMN_CREATE(${pairs.join(", ")})`,
    restored: theirs.map(({ name, type }) => `COLUMN_GET(theirs, ${connection.escape(name)} AS ${readAs(type)})`),
  };
};
