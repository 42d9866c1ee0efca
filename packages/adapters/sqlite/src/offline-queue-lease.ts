/** Giving out items, within a transaction. */
import type { LeasedItem, LeaseOptions } from "@sluice/domain";
import { ITEM_COLUMNS } from "./offline-queue-items.ts";
import { State, type TallyChanges } from "./offline-queue-tallies.ts";
import type { StatementCache } from "./statement-cache.ts";

const READY_BY_TIME = "UPDATE items SET state = 0, at = 0 WHERE group_name = ? AND state = 1 AND at <= ?";
const READY_BY_EXPIRY = `UPDATE items SET state = 0, at = 0 WHERE group_name = ? AND state = 2 AND at <= ?
  RETURNING priority`;
const READY_ALL = `UPDATE items SET state = 0, at = 0 WHERE state = 2 RETURNING group_name AS "group", priority`;

const LEASED = `RETURNING seq, ${ITEM_COLUMNS}, attempts`;
const LEASE = `UPDATE items SET state = 2, at = ?
  WHERE seq IN (SELECT seq FROM items WHERE group_name = ? AND state = 0 ORDER BY priority DESC, seq LIMIT ?)
  ${LEASED}`;
const LEASE_HEAD = `UPDATE items SET state = 2, at = ?
  WHERE seq = (SELECT seq FROM items WHERE group_name = ? AND state < 3 ORDER BY seq LIMIT 1) AND state = 0
  ${LEASED}`;

type LeasedRow = LeasedItem & { readonly seq: number };

export const leaseItems = (
  statements: StatementCache,
  tallies: TallyChanges,
  { group, limit, ordered, now, until }: LeaseOptions,
): readonly LeasedItem[] => {
  if (statements.prepare(READY_BY_TIME).run(group, now).changes > 0) tallies.touched(group);
  for (const { priority } of statements.prepare(READY_BY_EXPIRY).all(group, now)) {
    tallies.moved({ group, priority: priority as number, state: State.leased }, State.ready);
  }
  const rows = (ordered
    ? statements.prepare(LEASE_HEAD).all(until, group)
    : statements.prepare(LEASE).all(until, group, limit)) as unknown as LeasedRow[];
  for (const { priority } of rows) tallies.moved({ group, priority, state: State.ready }, State.leased);
  tallies.write(statements);
  // RETURNING promises no order.
  return rows.sort((a, b) => b.priority - a.priority || a.seq - b.seq).map(({ seq: _, ...item }) => item);
};

/** Makes every leased item ready. */
export const releaseAllItems = (statements: StatementCache, tallies: TallyChanges): void => {
  for (const row of statements.prepare(READY_ALL).all()) {
    const { group, priority } = row as { group: string; priority: number };
    tallies.moved({ group, priority, state: State.leased }, State.ready);
  }
  tallies.write(statements);
};
