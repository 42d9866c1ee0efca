/** One batch, one transaction: see the protocol in the port. */
import { type ApplyResult, CountChanges, CursorMoved, type ProjectionBatch } from "@sluice/domain";
import type { Pool, PoolClient } from "pg";
import { addCounts } from "./projection-store-counts.ts";
import { DeadLetterBook } from "./projection-store-dead.ts";
import { mirrorFlow, setLastMessageNumbers } from "./projection-store-flows.ts";
import { RowWriter } from "./projection-store-rows.ts";

const CURSOR = "SELECT position FROM sluice_cursors WHERE consumer = $1";
const FIRST_CURSOR = "INSERT INTO sluice_cursors (consumer, position) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const MOVE_CURSOR = "UPDATE sluice_cursors SET position = $2 WHERE consumer = $1 AND position = $3";

export const readCursor = async (client: Pool | PoolClient, consumer: string): Promise<string | null> => {
  const { rows } = await client.query<{ position: string }>(CURSOR, [consumer]);
  return rows[0]?.position ?? null;
};

/** Compares and sets in one statement; from then on this transaction has the cursor's row lock. */
const moveCursor = async (client: PoolClient, { consumer, from, to }: ProjectionBatch): Promise<boolean> => {
  const { rowCount } =
    from === null
      ? await client.query(FIRST_CURSOR, [consumer, to])
      : await client.query(MOVE_CURSOR, [consumer, to, from]);
  return rowCount === 1;
};

/**
 * Within a transaction of the caller's.
 * @param now RFC 3339 UTC; when the rows of this batch die, should some
 * @throws CursorMoved, or the server's error; the transaction must then be rolled back
 */
export const applyBatch = async (client: PoolClient, batch: ProjectionBatch, now: string): Promise<ApplyResult> => {
  if (!(await moveCursor(client, batch))) {
    throw new CursorMoved(batch.consumer, batch.from, await readCursor(client, batch.consumer));
  }
  const counts = new CountChanges();
  const book = new DeadLetterBook(client, counts, now);
  const writer = new RowWriter(client);
  for (const { flow, action, messages } of batch.done) counts.add(flow, action, "done", messages);
  const dead = [];
  for (const refused of await writer.insert(batch.rows)) dead.push(await book.bury(refused));

  for (const flow of batch.flows) await mirrorFlow(client, flow, batch.to);
  await setLastMessageNumbers(client, batch.lastMessageNumbers);

  for (const change of batch.deadLetters) await book.change(change);
  for (const command of batch.rowCommands) {
    if (command.command === "discard") {
      await book.discard(command.id);
      continue;
    }
    const stillDead = await book.retry(command, writer);
    if (stillDead) dead.push(stillDead);
  }
  await addCounts(client, counts);
  return { dead };
};
