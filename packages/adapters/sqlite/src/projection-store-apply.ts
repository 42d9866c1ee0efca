/** One batch, one transaction: see the protocol in the port. */
import { type ApplyResult, CountChanges, CursorMoved, type ProjectionBatch } from "@sluice/domain";
import { transact } from "./connection.ts";
import { forgetSwitch } from "./projection-rebuild-kept.ts";
import { addCounts } from "./projection-store-counts.ts";
import { DeadLetterBook } from "./projection-store-dead.ts";
import { mirrorFlow, setLastMessageNumber } from "./projection-store-flows.ts";
import type { RowWriter } from "./projection-store-rows.ts";
import type { StatementCache } from "./statement-cache.ts";

const CURSOR = "SELECT position FROM cursors WHERE consumer = ?";
const PUT_CURSOR = `INSERT INTO cursors (consumer, position) VALUES (?, ?)
  ON CONFLICT (consumer) DO UPDATE SET position = excluded.position`;

export const readCursor = (statements: StatementCache, consumer: string): string | null =>
  (statements.prepare(CURSOR).get(consumer)?.position as string | undefined) ?? null;

export const writeCursor = (statements: StatementCache, consumer: string, position: string): void => {
  statements.prepare(PUT_CURSOR).run(consumer, position);
};

/**
 * @param now RFC 3339 UTC; when the rows of this batch die, should some
 * @throws CursorMoved, or SQLite's error; nothing is written then
 */
export const applyBatch = (
  statements: StatementCache,
  writer: RowWriter,
  batch: ProjectionBatch,
  now: string,
): ApplyResult =>
  transact(statements.database, () => {
    // The transaction holds the write lock from its start: no one moves the cursor between the two.
    const actual = readCursor(statements, batch.consumer);
    if (actual !== batch.from) throw new CursorMoved(batch.consumer, batch.from, actual);
    writeCursor(statements, batch.consumer, batch.to);

    const counts = new CountChanges();
    const book = new DeadLetterBook(statements, counts, now);
    for (const { flow, action, messages } of batch.done) counts.add(flow, action, "done", messages);
    const dead = writer.insert(batch.rows).map((refused) => book.bury(refused));

    for (const flow of batch.flows) mirrorFlow(statements, flow, batch.to);
    for (const [flow, messageNumber] of batch.lastMessageNumbers) setLastMessageNumber(statements, flow, messageNumber);

    for (const change of batch.deadLetters) book.change(change);
    for (const command of batch.rowCommands) {
      if (command.command === "discard") {
        book.discard(command.id);
        continue;
      }
      const stillDead = book.retry(command, writer);
      if (stillDead) dead.push(stillDead);
    }
    addCounts(statements, counts);
    return { dead };
  });

/** Rows without an event id are the older gateway's: no log can give them back. */
export const resetConsumer = (statements: StatementCache, consumer: string): void =>
  transact(statements.database, () => {
    const { database } = statements;
    const foreign = database.prepare("SELECT 1 FROM data WHERE event_id IS NULL LIMIT 1").get();
    // Without a condition SQLite drops the pages as a whole instead of deleting row by row.
    database.exec(foreign ? "DELETE FROM data WHERE event_id IS NOT NULL" : "DELETE FROM data");
    database.exec("DELETE FROM dead_letters; DELETE FROM dead_messages; DELETE FROM sink_counts;");
    statements.prepare("DELETE FROM cursors WHERE consumer = ?").run(consumer);
    // What a switch kept belongs to rows that are gone.
    forgetSwitch(database);
  });
