/** Dead letters: what a batch adds, settles, retries and discards, and what that does to the counts of messages. */
import { createHash } from "node:crypto";
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
import type { Connection, UpsertResult } from "mariadb";
import type { RefusedRow, RowWriter } from "./projection-store-rows.ts";
import { toStoredTime } from "./projection-store-time.ts";

const PUT = `INSERT INTO dead_letters
    (id_hash, id, kind, flow, action, message_id, message_number, attribute, reason, attempts, dead_at, event_id,
     content, cause, cause_attribute)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE reason = VALUES(reason), attempts = VALUES(attempts), dead_at = VALUES(dead_at),
    event_id = VALUES(event_id), cause = VALUES(cause), cause_attribute = VALUES(cause_attribute)`;
const PUT_CONTENT = "UPDATE dead_letters SET content = ? WHERE id_hash = ?";
const REMOVE_ROW = "DELETE FROM data WHERE event_id = ?";
const REMOVE = "DELETE FROM dead_letters WHERE id_hash = ?";
const FIND_ROW = "SELECT attempts, content FROM dead_letters WHERE id_hash = ? AND kind = 'row'";

const FIND_MESSAGE = `SELECT dead_rows AS dead, discarded_rows AS discarded FROM dead_messages
  WHERE flow = ? AND action = ? AND message_id = ?`;
const PUT_MESSAGE = `INSERT INTO dead_messages (flow, action, message_id, dead_rows, discarded_rows)
  VALUES (?, ?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE dead_rows = VALUES(dead_rows), discarded_rows = VALUES(discarded_rows)`;
const REMOVE_MESSAGE = "DELETE FROM dead_messages WHERE flow = ? AND action = ? AND message_id = ?";

/** A row too large to be kept with its letter has no text there. */
interface DeadRow {
  readonly attempts: number;
  readonly row: DataRow;
  readonly oversized: boolean;
}

export const hashOf = (id: string): Buffer => createHash("sha256").update(id).digest();

const contentOf = ({ row, oversized }: RefusedRow): string =>
  JSON.stringify({ ...row, ...(oversized ? { text: null } : {}) });

/** The dead letters within one batch's transaction. */
export class DeadLetterBook {
  readonly #connection: Connection;
  readonly #counts: CountChanges;
  /** RFC 3339 UTC; for every row that dies in the batch. */
  readonly #now: string;

  constructor(connection: Connection, counts: CountChanges, now: string) {
    this.#connection = connection;
    this.#counts = counts;
    this.#now = now;
  }

  /** Of a delivery; row letters are the store's own. */
  async change({ kind, letter }: DeadLetterChange): Promise<void> {
    if (letter.kind === "row") return;
    if (kind === "add") await this.#put(letter, null);
    else await this.#remove(letter.id);
  }

  async bury(refused: RefusedRow): Promise<DeadLetter> {
    const letter = rowLetter(refused.row, refused.reason, 1, this.#now);
    const known = (await this.#findRow(letter.id)) !== null;
    await this.#put(letter, contentOf(refused));
    if (!known) await this.#moveMessage(refused.row, { dead: 1, discarded: 0 });
    return letter;
  }

  /** @returns the row's letter when it was refused again; null when it is stored, or was not dead */
  async retry({ id, edit }: RowCommand, writer: RowWriter): Promise<DeadLetter | null> {
    const found = await this.#findRow(id);
    if (!found) return edit ? this.#replace(id, edit, writer) : null;
    const refused = edit ? (await writer.insert([edit.row]))[0] : await this.#insertAgain(found, writer);
    if (refused) {
      const letter = rowLetter(refused.row, refused.reason, found.attempts + 1, this.#now, id);
      await this.#put(letter, contentOf(refused));
      if (edit) await this.#connection.query(PUT_CONTENT, [contentOf(refused), hashOf(id)]);
      return letter;
    }
    await this.#remove(id);
    await this.#moveMessage(found.row, { dead: -1, discarded: 0 });
    return null;
  }

  /** Instead of a row that is stored. */
  async #replace(
    id: string,
    { row, replaces }: NonNullable<RowCommand["edit"]>,
    writer: RowWriter,
  ): Promise<DeadLetter | null> {
    const { affectedRows } = await this.#connection.query<UpsertResult>(REMOVE_ROW, [replaces]);
    if (affectedRows === 0) return null;
    const [refused] = await writer.insert([row]);
    if (!refused) return null;
    const letter = rowLetter(row, refused.reason, 1, this.#now, id);
    await this.#put(letter, contentOf(refused));
    await this.#moveMessage(row, { dead: 1, discarded: 0 });
    return letter;
  }

  async discard(id: string): Promise<void> {
    const found = await this.#findRow(id);
    if (!found) return;
    await this.#remove(id);
    await this.#moveMessage(found.row, { dead: -1, discarded: 1 });
  }

  async #insertAgain({ row, oversized }: DeadRow, writer: RowWriter): Promise<RefusedRow | undefined> {
    if (!oversized) return (await writer.insert([row]))[0];
    const reason = "the value was too large to be kept here: raise max_allowed_packet and rebuild the projection";
    return { row, reason };
  }

  async #put(letter: DeadLetter, content: string | null): Promise<void> {
    await this.#connection.query(PUT, [
      hashOf(letter.id),
      letter.id,
      letter.kind,
      letter.flow,
      letter.action,
      letter.messageId,
      letter.messageNumber,
      letter.attribute,
      letter.reason,
      letter.attempts,
      toStoredTime(letter.deadAt),
      letter.eventId,
      content,
      causeOf(letter.reason),
      causeAttribute(letter),
    ]);
  }

  async #remove(id: string): Promise<void> {
    await this.#connection.query(REMOVE, [hashOf(id)]);
  }

  async #findRow(id: string): Promise<DeadRow | null> {
    const [found] = await this.#connection.query<{ attempts: number; content: string }[]>(FIND_ROW, [hashOf(id)]);
    if (!found) return null;
    const row = JSON.parse(found.content) as DataRow;
    return { attempts: found.attempts, row, oversized: row.text === null };
  }

  /** Counts a message once, however many of its rows are dead. */
  async #moveMessage(row: DataRow, change: RowTally): Promise<void> {
    const key = [row.flow, row.action, row.messageId] as const;
    const [found] = await this.#connection.query<RowTally[]>(FIND_MESSAGE, key);
    const before = found ?? { dead: 0, discarded: 0 };
    const after = { dead: before.dead + change.dead, discarded: before.discarded + change.discarded };
    if (messageState(after) === "done") await this.#connection.query(REMOVE_MESSAGE, key);
    else await this.#connection.query(PUT_MESSAGE, [...key, after.dead, after.discarded]);
    this.#counts.add(row.flow, row.action, messageState(before), -1);
    this.#counts.add(row.flow, row.action, messageState(after), 1);
  }
}
