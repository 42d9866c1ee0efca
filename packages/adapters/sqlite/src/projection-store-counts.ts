/** Messages done, dead and discarded, by action. */
import type { CountChanges } from "@sluice/domain";
import type { StatementCache } from "./statement-cache.ts";

const ADD = `INSERT INTO sink_counts (flow, action, done, dead, discarded)
  VALUES ($flow, $action, $done, $dead, $discarded)
  ON CONFLICT (flow, action) DO UPDATE
  SET done = done + excluded.done, dead = dead + excluded.dead, discarded = discarded + excluded.discarded`;

export const addCounts = (statements: StatementCache, { changes }: CountChanges): void => {
  for (const counts of changes) statements.prepare(ADD).run({ ...counts });
};
