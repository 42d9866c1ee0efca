/** Messages done, dead and discarded, by action. */
import type { CountChanges, SinkCounts } from "@sluice/domain";
import type { Pool, PoolClient } from "pg";

const ADD = `INSERT INTO sluice_counts AS c (flow, action, done, dead, discarded)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
  ON CONFLICT (flow, action) DO UPDATE
  SET done = c.done + excluded.done, dead = c.dead + excluded.dead, discarded = c.discarded + excluded.discarded`;

export const addCounts = async (client: PoolClient, { changes }: CountChanges): Promise<void> => {
  if (changes.length === 0) return;
  const columns = (["flow", "action", "done", "dead", "discarded"] as const).map((column) =>
    changes.map((one) => one[column]),
  );
  await client.query({ name: "add-counts", text: ADD, values: columns });
};

export const readCounts = async (pool: Pool): Promise<readonly SinkCounts[]> => {
  const { rows } = await pool.query("SELECT flow, action, done, dead, discarded FROM sluice_counts");
  return rows.map(({ flow, action, done, dead, discarded }) => ({
    flow,
    action,
    done: Number(done),
    dead: Number(dead),
    discarded: Number(discarded),
  }));
};
