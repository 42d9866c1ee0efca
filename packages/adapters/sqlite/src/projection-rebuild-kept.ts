/**
 * What a switch keeps in the live database so that it can be taken back: tables with the columns that there were, also
 * those that people have added.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Switched, SwitchResult } from "@sluice/domain";

const KEPT = ["rows", "letters", "messages", "counts"] as const;
type Kept = (typeof KEPT)[number];

/** Quoted; without those that are computed. */
export const columnsOf = (database: DatabaseSync, table: string): string[] =>
  database
    .prepare("SELECT name FROM pragma_table_info(?, 'main')")
    .all(table)
    .map(({ name }) => `"${(name as string).replaceAll('"', '""')}"`);

export const keep = (
  database: DatabaseSync,
  what: Kept,
  select: string,
  parameters: Readonly<Record<string, string>> = {},
): void => {
  database.prepare(`CREATE TABLE main.sluice_rebuild_${what} AS ${select}`).run(parameters);
};

export const readSwitch = (database: DatabaseSync): Switched | null => {
  const found = database.prepare("SELECT id, position, added, removed, changed FROM main.sluice_rebuild_switch").get();
  return found ? ({ ...found } as unknown as Switched) : null;
};

export const resultOf = ({ added, removed, changed }: Switched): SwitchResult => ({ added, removed, changed });

export const writeSwitch = (database: DatabaseSync, switched: Switched): void => {
  database
    .prepare(
      `INSERT INTO main.sluice_rebuild_switch (only_one, id, position, added, removed, changed)
       VALUES (1, $id, $position, $added, $removed, $changed)`,
    )
    .run({ ...switched });
};

/** It cannot be taken back after that. In a transaction of the caller's. */
export const forgetSwitch = (database: DatabaseSync): void => {
  database.exec("DELETE FROM main.sluice_rebuild_switch; DELETE FROM main.sluice_rebuild_added;");
  for (const what of KEPT) database.exec(`DROP TABLE IF EXISTS main.sluice_rebuild_${what}`);
};
