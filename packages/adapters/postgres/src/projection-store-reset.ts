/** Forgetting what a consumer has made of the log. */
import type { PoolClient } from "pg";
import { sqlState } from "./connection.ts";
import { forgetSwitch } from "./projection-rebuild-tables.ts";
import { tablesOfData } from "./projection-store-partitions.ts";

/** Rows deleted in one statement, so that none runs into the statement timeout. */
const PART_ROWS = 20_000;

/** Rows without an event id are the older gateway's: no log can give them back. */
export const resetConsumer = async (client: PoolClient, consumer: string): Promise<void> => {
  // First, so that a batch of this consumer waits until all is done.
  await client.query("DELETE FROM sluice_cursors WHERE consumer = $1", [consumer]);
  let held = false;
  for (const table of await tablesOfData(client)) {
    const outcome: Truncation = held ? "held" : await truncate(client, table);
    // By a report that most likely has the others too.
    held = outcome === "held";
    if (outcome !== "empty") await deleteRows(client, table);
  }
  for (const table of ["sluice_dead_letters", "sluice_dead_messages", "sluice_counts"]) {
    await client.query(`DELETE FROM ${table}`);
  }
  // Rows of before it would come back among those that are made anew.
  await forgetSwitch(client);
};

/** lock_not_available; insufficient_privilege, where the table is another role's */
const NOT_TO_BE_HAD: ReadonlySet<string | null> = new Set(["55P03", "42501"]);

type Truncation = "empty" | "older rows" | "held";

/** Not where readers hold the table, and not where it has rows of the older gateway. */
const truncate = async (client: PoolClient, table: string): Promise<Truncation> => {
  let outcome: Truncation = "older rows";
  await client.query("SAVEPOINT truncate; SET LOCAL lock_timeout = '500ms'");
  try {
    await client.query(`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`);
    const { rows } = await client.query(`SELECT FROM ${table} WHERE event_id IS NULL LIMIT 1`);
    if (rows.length === 0) {
      await client.query(`TRUNCATE ONLY ${table}`);
      await client.query("SET LOCAL lock_timeout TO DEFAULT; RELEASE SAVEPOINT truncate");
      return "empty";
    }
  } catch (error) {
    if (!NOT_TO_BE_HAD.has(sqlState(error))) throw error;
    outcome = "held";
  }
  // Gives the lock back too.
  await client.query("ROLLBACK TO SAVEPOINT truncate; RELEASE SAVEPOINT truncate");
  return outcome;
};

/** From event to event: a DELETE with a LIMIT would pass again over all that those before it have deleted. */
const deleteRows = async (client: PoolClient, table: string): Promise<void> => {
  const findLast = `SELECT max(event_id) AS last FROM (
    SELECT event_id FROM ONLY ${table} WHERE event_id > $1 ORDER BY event_id LIMIT ${PART_ROWS}) AS part`;
  for (let low = ""; ; ) {
    const { rows } = await client.query<{ last: string | null }>(findLast, [low]);
    const last = rows[0]?.last ?? null;
    if (last === null) return;
    await client.query(`DELETE FROM ONLY ${table} WHERE event_id > $1 AND event_id <= $2`, [low, last]);
    low = last;
  }
};
