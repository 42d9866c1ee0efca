/** One batch, one transaction: see the protocol in the port. */
import { type ApplyResult, CountChanges, CursorMoved, type ProjectionBatch } from "@sluice/domain";
import type { Connection, Pool, UpsertResult } from "mariadb";
import { ER_DUP_ENTRY, errorNumber } from "./connection.ts";
import { addCounts } from "./projection-store-counts.ts";
import { DeadLetterBook } from "./projection-store-dead.ts";
import { mirrorFlow, setLastMessageNumbers } from "./projection-store-flows.ts";
import { RowWriter } from "./projection-store-rows.ts";

const CURSOR = "SELECT position FROM cursors WHERE consumer = ?";
const FIRST_CURSOR = "INSERT INTO cursors (consumer, position) VALUES (?, ?)";
const MOVE_CURSOR = "UPDATE cursors SET position = ? WHERE consumer = ? AND position = ?";

/** Rows that a reset looks at in one statement, so that none runs longer than the connection waits for an answer. */
const RESET_ROWS = 20_000;

export const readCursor = async (connection: Connection | Pool, consumer: string): Promise<string | null> => {
  const [found] = await connection.query<{ position: string }[]>(CURSOR, [consumer]);
  return found?.position ?? null;
};

/** Compares and sets in one statement; from then on this transaction has the cursor's row lock. */
const moveCursor = async (connection: Connection, { consumer, from, to }: ProjectionBatch): Promise<boolean> => {
  if (from !== null) {
    const { affectedRows } = await connection.query<UpsertResult>(MOVE_CURSOR, [to, consumer, from]);
    return affectedRows === 1;
  }
  try {
    await connection.query(FIRST_CURSOR, [consumer, to]);
    return true;
  } catch (error) {
    if (errorNumber(error) !== ER_DUP_ENTRY) throw error;
    return false;
  }
};

/**
 * Within a transaction of the caller's.
 * @param now               RFC 3339 UTC; when the rows of this batch die, should some
 * @param maxAllowedPacket  the server's, in bytes
 * @throws CursorMoved, or the server's error; the transaction must then be rolled back
 */
export const applyBatch = async (
  connection: Connection,
  batch: ProjectionBatch,
  now: string,
  maxAllowedPacket: number,
): Promise<ApplyResult> => {
  if (!(await moveCursor(connection, batch))) {
    throw new CursorMoved(batch.consumer, batch.from, await readCursor(connection, batch.consumer));
  }
  const counts = new CountChanges();
  const book = new DeadLetterBook(connection, counts, now);
  const writer = new RowWriter(connection, maxAllowedPacket);
  for (const { flow, action, messages } of batch.done) counts.add(flow, action, "done", messages);
  const dead = [];
  for (const refused of await writer.insert(batch.rows)) dead.push(await book.bury(refused));

  for (const flow of batch.flows) await mirrorFlow(connection, flow, batch.to);
  await setLastMessageNumbers(connection, batch.lastMessageNumbers);

  for (const change of batch.deadLetters) await book.change(change);
  for (const command of batch.rowCommands) {
    if (command.command === "discard") {
      await book.discard(command.id);
      continue;
    }
    const stillDead = await book.retry(command, writer);
    if (stillDead) dead.push(stillDead);
  }
  await addCounts(connection, counts);
  return { dead };
};

/** From id to id: a DELETE with a LIMIT would pass again over all that those before it have deleted. */
const deleteRows = async (connection: Connection): Promise<void> => {
  const findLast = `SELECT MAX(id) AS last FROM
    (SELECT id FROM data WHERE id > ? ORDER BY id LIMIT ${RESET_ROWS}) AS part`;
  for (let low = Number.MIN_SAFE_INTEGER; ; ) {
    const [found] = await connection.query<{ last: number | null }[]>(findLast, [low]);
    const last = found?.last ?? null;
    if (last === null) return;
    await connection.query("DELETE FROM data WHERE id > ? AND id <= ? AND event_id IS NOT NULL", [low, last]);
    low = last;
  }
};

/** Rows without an event id are the older gateway's: no log can give them back. */
export const resetConsumer = async (connection: Connection, consumer: string): Promise<void> => {
  // First, so that a batch of this consumer waits until all is done.
  await connection.query("DELETE FROM cursors WHERE consumer = ?", [consumer]);
  await deleteRows(connection);
  // A switch-over of before cannot be taken back any more.
  for (const table of ["dead_letters", "dead_messages", "sink_counts", "sluice_switch"])
    await connection.query(`DELETE FROM ${table}`);
};
