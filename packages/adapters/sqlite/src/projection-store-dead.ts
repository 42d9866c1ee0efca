/** Dead letters: what a batch adds, settles, retries and discards, and what that does to the counts of messages. */
import type { DeadLetter } from "@sluice/contracts";
import {
  type CountChanges,
  causeAttribute,
  causeOf,
  type DataRow,
  type DeadLetterChange,
  messageState,
  type RowCommand,
  type RowTally,
  rowLetter,
} from "@sluice/domain";
import type { RefusedRow, RowWriter } from "./projection-store-rows.ts";
import type { StatementCache } from "./statement-cache.ts";

const PUT = `INSERT INTO dead_letters
    (id, kind, flow, action, message_id, message_number, attribute, reason, attempts, dead_at, event_id, content, cause,
     cause_attribute)
  VALUES ($id, $kind, $flow, $action, $messageId, $messageNumber, $attribute, $reason, $attempts, $deadAt, $eventId,
    $content, $cause, $causeAttribute)
  ON CONFLICT (id) DO UPDATE
  SET reason = excluded.reason, attempts = excluded.attempts, dead_at = excluded.dead_at, event_id = excluded.event_id,
    cause = excluded.cause, cause_attribute = excluded.cause_attribute`;
const PUT_CONTENT = "UPDATE dead_letters SET content = ? WHERE id = ?";
const REMOVE_ROW = "DELETE FROM data WHERE event_id = ?";
const REMOVE = "DELETE FROM dead_letters WHERE id = ?";
const FIND_ROW = "SELECT attempts, content FROM dead_letters WHERE id = ? AND kind = 'row'";

const FIND_MESSAGE = `SELECT dead_rows AS dead, discarded_rows AS discarded FROM dead_messages
  WHERE flow = ? AND action = ? AND message_id = ?`;
const PUT_MESSAGE = `INSERT INTO dead_messages (flow, action, message_id, dead_rows, discarded_rows)
  VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (flow, action, message_id) DO UPDATE
  SET dead_rows = excluded.dead_rows, discarded_rows = excluded.discarded_rows`;
const REMOVE_MESSAGE = "DELETE FROM dead_messages WHERE flow = ? AND action = ? AND message_id = ?";

/** The dead letters within one batch's transaction. */
export class DeadLetterBook {
  readonly #statements: StatementCache;
  readonly #counts: CountChanges;
  /** RFC 3339 UTC; for every row that dies in the batch. */
  readonly #now: string;

  constructor(statements: StatementCache, counts: CountChanges, now: string) {
    this.#statements = statements;
    this.#counts = counts;
    this.#now = now;
  }

  /** Of a delivery; row letters are the store's own. */
  change({ kind, letter }: DeadLetterChange): void {
    if (letter.kind === "row") return;
    if (kind === "add") this.#put(letter, null);
    else this.#statements.prepare(REMOVE).run(letter.id);
  }

  bury(refused: RefusedRow): DeadLetter {
    const letter = rowLetter(refused.row, refused.reason, 1, this.#now);
    const known = this.#findRow(letter.id) !== null;
    this.#put(letter, refused.row);
    if (!known) this.#moveMessage(refused.row, { dead: 1, discarded: 0 });
    return letter;
  }

  /** @returns the row's letter when it was refused again; null when it is stored, or was not dead */
  retry({ id, edit }: RowCommand, writer: RowWriter): DeadLetter | null {
    const found = this.#findRow(id);
    if (!found) return edit ? this.#replace(id, edit, writer) : null;
    const row = edit?.row ?? found.row;
    const [refused] = writer.insert([row]);
    if (refused) {
      const letter = rowLetter(row, refused.reason, found.attempts + 1, this.#now, id);
      this.#put(letter, row);
      if (edit) this.#statements.prepare(PUT_CONTENT).run(JSON.stringify(row), id);
      return letter;
    }
    this.#statements.prepare(REMOVE).run(id);
    this.#moveMessage(found.row, { dead: -1, discarded: 0 });
    return null;
  }

  /** Instead of a row that is stored. */
  #replace(id: string, { row, replaces }: NonNullable<RowCommand["edit"]>, writer: RowWriter): DeadLetter | null {
    if (this.#statements.prepare(REMOVE_ROW).run(replaces).changes === 0) return null;
    const [refused] = writer.insert([row]);
    if (!refused) return null;
    const letter = rowLetter(row, refused.reason, 1, this.#now, id);
    this.#put(letter, row);
    this.#moveMessage(row, { dead: 1, discarded: 0 });
    return letter;
  }

  discard(id: string): void {
    const found = this.#findRow(id);
    if (!found) return;
    this.#statements.prepare(REMOVE).run(id);
    this.#moveMessage(found.row, { dead: -1, discarded: 1 });
  }

  #put(letter: DeadLetter, row: DataRow | null): void {
    this.#statements.prepare(PUT).run({
      ...letter,
      content: row && JSON.stringify(row),
      cause: causeOf(letter.reason),
      causeAttribute: causeAttribute(letter),
    });
  }

  #findRow(id: string): { attempts: number; row: DataRow } | null {
    const found = this.#statements.prepare(FIND_ROW).get(id) as { attempts: number; content: string } | undefined;
    return found ? { attempts: found.attempts, row: JSON.parse(found.content) as DataRow } : null;
  }

  /** Counts a message once, however many of its rows are dead. */
  #moveMessage(row: DataRow, change: RowTally): void {
    const key = [row.flow, row.action, row.messageId] as const;
    const found = this.#statements.prepare(FIND_MESSAGE).get(...key) as RowTally | undefined;
    const before = found ?? { dead: 0, discarded: 0 };
    const after = { dead: before.dead + change.dead, discarded: before.discarded + change.discarded };
    if (messageState(after) === "done") this.#statements.prepare(REMOVE_MESSAGE).run(...key);
    else this.#statements.prepare(PUT_MESSAGE).run(...key, after.dead, after.discarded);
    this.#counts.add(row.flow, row.action, messageState(before), -1);
    this.#counts.add(row.flow, row.action, messageState(after), 1);
  }
}
