/** The switch-over, in one transaction that writes to the live database only. */
import type { DatabaseSync } from "node:sqlite";
import { CursorMoved, type SwitchOrder, type SwitchResult } from "@sluice/domain";
import { transact } from "./connection.ts";
import { columnsOf, forgetSwitch, keep, readSwitch, resultOf, writeSwitch } from "./projection-rebuild-kept.ts";
import { DATA_COLUMNS } from "./projection-store-rows.ts";
import { lowestStoredTime } from "./projection-store-time.ts";

/**
 * @param isAttached whether the candidate of this rebuild is, as schema `candidate`
 * @throws CursorMoved, or SQLite's error; nothing is written then
 */
export const switchOver = (database: DatabaseSync, order: SwitchOrder, isAttached: boolean): SwitchResult =>
  transact(database, () => {
    const last = readSwitch(database);
    if (last?.id === order.id) return resultOf(last);
    checkCursors(database, order, isAttached);
    forgetSwitch(database);
    const result = replaceRows(database, order.receivedFrom);
    replaceLetters(database);
    replaceAll(database, "dead_messages", "messages");
    replaceAll(database, "sink_counts", "counts");
    writeSwitch(database, { id: order.id, position: order.position, ...result });
    return result;
  });

const checkCursors = (database: DatabaseSync, { consumer, position }: SwitchOrder, isAttached: boolean): void => {
  for (const schema of ["main", "candidate"]) {
    const found =
      schema === "main" || isAttached
        ? database.prepare(`SELECT position FROM ${schema}.cursors WHERE consumer = ?`).get(consumer)
        : undefined;
    const actual = (found?.position as string | undefined) ?? null;
    if (actual !== position) throw new CursorMoved(consumer, position, actual);
  }
};

/** Adopted columns may have collations by which other text is the same. */
const differs = (columns: readonly string[]): string =>
  `(${columns.map((column) => `m.${column} COLLATE BINARY IS NOT c.${column}`).join(" OR ")})`;

const assigned = (columns: readonly string[]): string => columns.map((column) => `${column} = c.${column}`).join(", ");

/** People may have a unique index of their own: what is wrong makes room before what is right comes. */
const replaceRows = (database: DatabaseSync, receivedFrom: string | null): SwitchResult => {
  const [either, ofCandidate] =
    receivedFrom === null
      ? ["", ""]
      : ["AND (m.received_at >= $from OR c.received_at >= $from)", "AND c.received_at >= $from"];
  const from = receivedFrom === null ? {} : { $from: lowestStoredTime(receivedFrom) };
  const change = (sql: string, parameters: Record<string, string> = {}): number =>
    Number(database.prepare(sql).run(parameters).changes);
  keep(
    database,
    "rows",
    `SELECT m.* FROM main.data AS m LEFT JOIN candidate.data AS c ON c.event_id = m.event_id
     WHERE m.event_id IS NOT NULL AND (c.event_id IS NULL OR ${differs(DATA_COLUMNS)}) ${either}`,
    from,
  );
  const added = change(
    `INSERT INTO main.sluice_rebuild_added
     SELECT c.event_id FROM candidate.data AS c
     WHERE c.event_id IS NOT NULL ${ofCandidate}
       AND NOT EXISTS (SELECT 1 FROM main.data AS m WHERE m.event_id = c.event_id)`,
    from,
  );
  const removed = change(
    `DELETE FROM main.data WHERE id IN (
       SELECT k.id FROM main.sluice_rebuild_rows AS k
       WHERE NOT EXISTS (SELECT 1 FROM candidate.data AS c WHERE c.event_id = k.event_id))`,
  );
  const changed = change(
    `UPDATE main.data AS m SET ${assigned(DATA_COLUMNS)}
     FROM main.sluice_rebuild_rows AS k JOIN candidate.data AS c ON c.event_id = k.event_id WHERE m.id = k.id`,
  );
  change(
    `INSERT INTO main.data (${DATA_COLUMNS.join(", ")})
     SELECT ${DATA_COLUMNS.join(", ")} FROM candidate.data
     WHERE event_id IN (SELECT event_id FROM main.sluice_rebuild_added) ORDER BY id`,
  );
  return { added, removed, changed };
};

/** One that stays keeps its number: a listing that has begun passes over none and gives none twice. */
const replaceLetters = (database: DatabaseSync): void => {
  const columns = columnsOf(database, "dead_letters").filter((column) => column !== '"seq"');
  keep(database, "letters", "SELECT * FROM main.dead_letters");
  database.exec(`
    DELETE FROM main.dead_letters WHERE id NOT IN (SELECT id FROM candidate.dead_letters);
    UPDATE main.dead_letters AS m SET ${assigned(columns)}
      FROM candidate.dead_letters AS c WHERE c.id = m.id AND ${differs(columns)};
    INSERT INTO main.dead_letters (${columns.join(", ")})
      SELECT ${columns.join(", ")} FROM candidate.dead_letters
      WHERE id NOT IN (SELECT id FROM main.dead_letters) ORDER BY seq;
  `);
};

const replaceAll = (database: DatabaseSync, table: string, kept: "messages" | "counts"): void => {
  const columns = columnsOf(database, table).join(", ");
  keep(database, kept, `SELECT * FROM main.${table}`);
  database.exec(`
    DELETE FROM main.${table};
    INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM candidate.${table};
  `);
};
