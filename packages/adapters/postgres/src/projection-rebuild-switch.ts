/** The switch-over: one transaction, in statements that each work on whole sets of rows. */
import { CursorMoved, type Switched, type SwitchOrder, type SwitchResult } from "@sluice/domain";
import { escapeLiteral, type Pool, type PoolClient } from "pg";
import { candidateCursor, type Schemas } from "./projection-rebuild-candidate.ts";
import { storedFrom } from "./projection-rebuild-rows.ts";
import {
  ADDED,
  assignments,
  BEFORE,
  beforeOf,
  CHANGED,
  DATA_COLUMNS,
  differ,
  forgetSwitch,
  replaceWhole,
  WHOLE_TABLES,
} from "./projection-rebuild-tables.ts";

interface KeptSwitch extends Switched {
  readonly consumer: string;
}

const SWITCH = "SELECT id, consumer, position, added, removed, changed FROM sluice_switch";

export const readSwitch = async (client: Pool | PoolClient): Promise<KeptSwitch | null> => {
  const { rows } = await client.query<Record<keyof KeptSwitch, string>>(SWITCH);
  const [found] = rows;
  if (!found) return null;
  const { id, consumer, position } = found;
  return {
    ...{ id, consumer, position },
    added: Number(found.added),
    removed: Number(found.removed),
    changed: Number(found.changed),
  };
};

/**
 * All statements see one state of the tables: who changes a row of `data` by hand meanwhile makes this transaction fail,
 * and it is tried again. It is the state after another switch that was under way: that one is waited for before.
 * @returns the cursor, locked until the end of the transaction
 */
export const lockCursor = async (client: PoolClient, consumer: string): Promise<string | null> => {
  await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  await client.query("LOCK TABLE sluice_switch IN SHARE ROW EXCLUSIVE MODE");
  const { rows } = await client.query<{ position: string }>(
    "SELECT position FROM sluice_cursors WHERE consumer = $1 FOR UPDATE",
    [consumer],
  );
  return rows[0]?.position ?? null;
};

/** Within a transaction of the caller's. @throws CursorMoved, RangeError on a time that is none, or the server's error */
export const switchOver = async (client: PoolClient, schemas: Schemas, order: SwitchOrder): Promise<SwitchResult> => {
  const { id, consumer, position } = order;
  const live = await lockCursor(client, consumer);
  const last = await readSwitch(client);
  if (last?.id === id) return resultOf(last);
  if (live !== position) throw new CursorMoved(consumer, position, live);
  const candidate = await candidateCursor(client, schemas, id, consumer);
  if (candidate !== position) throw new CursorMoved(consumer, position, candidate);

  await forgetSwitch(client);
  const result = await replaceRows(client, `${schemas.candidate}.data`, storedFrom(order.receivedFrom));
  for (const table of WHOLE_TABLES) {
    await client.query(`CREATE TABLE ${beforeOf(table)} AS SELECT * FROM ${table}`);
  }
  await replaceWhole(client, (table) => `${schemas.candidate}.${table}`, "new");
  await client.query(
    "INSERT INTO sluice_switch (id, consumer, position, added, removed, changed) VALUES ($1, $2, $3, $4, $5, $6)",
    [id, consumer, position, result.added, result.removed, result.changed],
  );
  return result;
};

const resultOf = ({ added, removed, changed }: SwitchResult): SwitchResult => ({ added, removed, changed });

/** A nested loop over two large tables, which missing statistics may suggest, would not end. */
const forLargeJoins = async (client: PoolClient, sql: string): Promise<number> => {
  await client.query("SET LOCAL enable_nestloop = off");
  const { rowCount } = await client.query(sql);
  await client.query("SET LOCAL enable_nestloop = on");
  return rowCount ?? 0;
};

/**
 * An event is one row, whatever time that row has been given by hand: what is compared is found by the event, and left as
 * it is where both sides say that it was received before. Of several rows of one event one stays; the one that is right, if
 * there is one.
 * @param from stored time
 */
const replaceRows = async (client: PoolClient, candidate: string, from: string): Promise<SwitchResult> => {
  const since = `${escapeLiteral(from)}::timestamp`;
  await forLargeJoins(
    client,
    `CREATE TABLE ${BEFORE} AS
    SELECT d.*, c.received_at AS sluice_received_at
    FROM data AS d LEFT JOIN ${candidate} AS c ON c.event_id = d.event_id
    WHERE d.event_id IS NOT NULL AND (d.received_at >= ${since} OR c.received_at >= ${since})
      AND (c.event_id IS NULL OR ${differ("d", "c")})`,
  );
  await client.query(`ANALYZE ${BEFORE} (event_id, received_at)`);
  await client.query(`CREATE TABLE ${CHANGED} AS
    SELECT DISTINCT ON (event_id) event_id, received_at, id, sluice_received_at
    FROM ${BEFORE} AS b
    WHERE sluice_received_at IS NOT NULL AND (received_at = sluice_received_at OR NOT EXISTS (
      SELECT FROM data AS d WHERE d.event_id = b.event_id AND d.received_at = b.sluice_received_at))
    ORDER BY event_id, id`);
  await client.query(`ANALYZE ${CHANGED}`);
  const { rowCount: removed } = await client.query(`DELETE FROM data AS d USING ${BEFORE} AS b
    WHERE d.event_id = b.event_id AND d.received_at = b.received_at AND NOT EXISTS (
      SELECT FROM ${CHANGED} AS k WHERE k.event_id = b.event_id AND k.received_at = b.received_at)`);
  const { rowCount: changed } = await client.query(`UPDATE data AS d SET ${assignments("c")}
    FROM ${CHANGED} AS k JOIN ${candidate} AS c ON c.event_id = k.event_id AND c.received_at = k.sluice_received_at
    WHERE d.event_id = k.event_id AND d.received_at = k.received_at`);
  const columns = DATA_COLUMNS.join(", ");
  await client.query(`CREATE TABLE ${ADDED} AS SELECT event_id, id FROM data LIMIT 0`);
  const added = await forLargeJoins(
    client,
    `WITH added AS (
      INSERT INTO data (${columns})
      SELECT ${columns} FROM ${candidate} AS c
      WHERE c.received_at >= ${since} AND NOT EXISTS (SELECT FROM data AS d WHERE d.event_id = c.event_id)
      ORDER BY c.id
      RETURNING event_id, id
    )
    INSERT INTO ${ADDED} SELECT event_id, id FROM added`,
  );
  return { added, removed: removed ?? 0, changed: changed ?? 0 };
};
