/** Taking a switch back, in one transaction. */
import type { DatabaseSync } from "node:sqlite";
import { transact } from "./connection.ts";
import { columnsOf, forgetSwitch, readSwitch } from "./projection-rebuild-kept.ts";
import { writeCursor } from "./projection-store-apply.ts";
import { DATA_COLUMNS } from "./projection-store-rows.ts";
import type { StatementCache } from "./statement-cache.ts";

/** @returns false when that is not the last switch. @throws SQLite's error; nothing is written then */
export const rollBack = (statements: StatementCache, id: string, consumer: string): boolean => {
  const { database } = statements;
  return transact(database, () => {
    const last = readSwitch(database);
    if (last?.id !== id) return false;
    bringRowsBack(database);
    for (const [table, kept] of [
      ["dead_letters", "letters"],
      ["dead_messages", "messages"],
      ["sink_counts", "counts"],
    ] as const) {
      const columns = columnsOfBoth(database, table, kept);
      database.exec(`
        DELETE FROM main.${table};
        INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM main.sluice_rebuild_${kept};
      `);
    }
    writeCursor(statements, consumer, last.position);
    forgetSwitch(database);
    return true;
  });
};

/**
 * A row that comes back has its id. Where that was given again since, as SQLite gives the highest ids when their rows
 * are gone, the later row gets another.
 */
const bringRowsBack = (database: DatabaseSync): void => {
  const columns = columnsOfBoth(database, "data", "rows");
  database.exec(`
    DELETE FROM main.data WHERE event_id IN (SELECT event_id FROM main.sluice_rebuild_added);
    DELETE FROM main.data WHERE id IN (
      SELECT m.id FROM main.sluice_rebuild_rows AS k JOIN main.data AS m ON m.event_id = k.event_id WHERE m.id <> k.id);
    UPDATE main.data AS m SET id = moved.to_id
      FROM (
        SELECT taken.id, row_number() OVER (ORDER BY taken.id)
          + max((SELECT max(id) FROM main.data), (SELECT max(id) FROM main.sluice_rebuild_rows)) AS to_id
        FROM main.sluice_rebuild_rows AS k JOIN main.data AS taken ON taken.id = k.id
        WHERE taken.event_id IS NOT k.event_id
      ) AS moved
      WHERE m.id = moved.id;
    UPDATE main.data AS m SET ${DATA_COLUMNS.map((column) => `${column} = k.${column}`).join(", ")}
      FROM main.sluice_rebuild_rows AS k WHERE m.id = k.id;
    INSERT INTO main.data (${columns})
      SELECT ${columns} FROM main.sluice_rebuild_rows AS k
      WHERE NOT EXISTS (SELECT 1 FROM main.data AS m WHERE m.id = k.id);
  `);
};

/** A later version of the tables may have columns that were not there at the switch. */
const columnsOfBoth = (database: DatabaseSync, table: string, kept: string): string => {
  const then = new Set(columnsOf(database, `sluice_rebuild_${kept}`));
  return columnsOf(database, table)
    .filter((column) => then.has(column))
    .join(", ");
};
