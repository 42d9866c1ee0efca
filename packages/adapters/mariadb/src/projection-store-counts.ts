/** Messages done, dead and discarded, by action. */
import type { CountChanges } from "@sluice/domain";
import type { Connection } from "mariadb";

const ADD = `INSERT INTO sink_counts (flow, action, done, dead, discarded) VALUES (?, ?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE
    done = done + VALUES(done), dead = dead + VALUES(dead), discarded = discarded + VALUES(discarded)`;

export const addCounts = async (connection: Connection, { changes }: CountChanges): Promise<void> => {
  if (changes.length === 0) return;
  await connection.batch(
    ADD,
    changes.map(({ flow, action, done, dead, discarded }) => [flow, action, done, dead, discarded]),
  );
};
