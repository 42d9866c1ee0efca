/** One commit of the queue, within a transaction: see the protocol in the port. */
import { CursorMoved, type QueueChanges, type QueueCommit } from "@sluice/domain";
import { Items } from "./offline-queue-items.ts";
import { admit } from "./offline-queue-room.ts";
import type { TallyChanges } from "./offline-queue-tallies.ts";
import type { StatementCache } from "./statement-cache.ts";

const CURSOR = "SELECT position FROM cursors WHERE consumer = ?";
const PUT_CURSOR = `INSERT INTO cursors (consumer, position) VALUES (?, ?)
  ON CONFLICT (consumer) DO UPDATE SET position = excluded.position`;
const ADD_COUNT = `INSERT INTO counts (key, value) VALUES ($key, $delta)
  ON CONFLICT (key) DO UPDATE SET value = value + excluded.value`;

export const readCursor = (statements: StatementCache, consumer: string): string | null =>
  (statements.prepare(CURSOR).get(consumer)?.position as string | undefined) ?? null;

/** @throws CursorMoved; the transaction must then be rolled back */
export const commitChanges = (
  statements: StatementCache,
  tallies: TallyChanges,
  capacity: number,
  {
    cursor,
    counts = [],
    enqueue = [],
    complete = [],
    discard = [],
    deadLetter = [],
    retry = [],
    amend = [],
  }: QueueChanges,
): QueueCommit => {
  if (cursor) {
    const actual = readCursor(statements, cursor.consumer);
    if (actual !== cursor.from) throw new CursorMoved(cursor.consumer, cursor.from, actual);
    statements.prepare(PUT_CURSOR).run(cursor.consumer, cursor.to);
  }
  for (const { key, delta } of counts) statements.prepare(ADD_COUNT).run({ key, delta });

  const items = new Items(statements, tallies);
  const gone = new Set([...complete, ...discard]);
  for (const id of gone) items.remove(id);
  for (const { id, reason } of deadLetter) items.bury(id, reason);
  for (const { id, at } of retry) items.revive(id, at);
  for (const { id, payload } of amend) items.amend(id, payload);
  tallies.write(statements);
  if (enqueue.length === 0) return { refused: [], evicted: [] };

  // What has left has made room by now. Those that this very commit ends are not let in, or end once they are.
  const newcomers = gone.size === 0 ? enqueue : enqueue.filter((item) => !gone.has(item.id));
  const commit = admit(statements, items, newcomers, capacity);
  if (deadLetter.length > 0 || retry.length > 0) {
    const entered = new Set(newcomers.map((item) => item.id));
    for (const { id, reason } of deadLetter) if (entered.has(id)) items.bury(id, reason);
    for (const { id, at } of retry) if (entered.has(id)) items.revive(id, at);
  }
  for (const { id, payload } of amend) items.amend(id, payload);
  tallies.write(statements);
  return commit;
};
