/** Taking a switch-over back. */
import type { PoolClient } from "pg";
import { lockCursor, readSwitch } from "./projection-rebuild-switch.ts";
import {
  ADDED,
  assignments,
  BEFORE,
  beforeOf,
  CHANGED,
  forgetSwitch,
  replaceWhole,
  sharedColumns,
} from "./projection-rebuild-tables.ts";

/** Within a transaction of the caller's. @returns false when there is no such switch to be taken back */
export const rollBack = async (client: PoolClient, id: string, consumer: string): Promise<boolean> => {
  const cursor = await lockCursor(client, consumer);
  const last = await readSwitch(client);
  if (cursor === null || last?.id !== id || last.consumer !== consumer) return false;
  await restoreRows(client);
  await replaceWhole(client, beforeOf, "theirs");
  await client.query("UPDATE sluice_cursors SET position = $2 WHERE consumer = $1", [consumer, last.position]);
  await forgetSwitch(client);
  return true;
};

/**
 * Found by event and id: their times may have been changed by hand since. An event that the log did not give then, and that
 * has come since, will come again.
 */
const restoreRows = async (client: PoolClient): Promise<void> => {
  await client.query(`ANALYZE ${ADDED}`);
  await client.query(`DELETE FROM data AS d USING ${ADDED} AS a WHERE d.event_id = a.event_id AND d.id = a.id`);
  await client.query(`DELETE FROM data AS d USING ${BEFORE} AS b
    WHERE b.sluice_received_at IS NULL AND d.event_id = b.event_id`);
  await client.query(`UPDATE data AS d SET ${assignments("b")}
    FROM ${CHANGED} AS k JOIN ${BEFORE} AS b ON b.event_id = k.event_id AND b.received_at = k.received_at
    WHERE d.event_id = k.event_id AND d.id = k.id`);
  const columns = (await sharedColumns(client, "data", BEFORE)).join(", ");
  await client.query(`INSERT INTO data (${columns}) OVERRIDING SYSTEM VALUE
    SELECT ${columns} FROM ${BEFORE} AS b
    WHERE NOT EXISTS (SELECT FROM data AS d WHERE d.event_id = b.event_id AND d.id = b.id)
    ON CONFLICT (event_id, received_at) DO NOTHING`);
};
