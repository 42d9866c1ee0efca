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
import type { PoolClient } from "pg";
import type { RefusedRow, RowWriter } from "./projection-store-rows.ts";
import { isStorable, storableText } from "./projection-store-text.ts";
import { toStoredTime } from "./projection-store-time.ts";

const PUT = `INSERT INTO sluice_dead_letters
    (id_hash, id, kind, flow, action, message_id, message_number, attribute, reason, attempts, dead_at, event_id, exact,
     content, cause, cause_attribute)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
  ON CONFLICT (id_hash) DO UPDATE SET reason = excluded.reason, attempts = excluded.attempts,
    dead_at = excluded.dead_at, event_id = excluded.event_id, exact = excluded.exact, cause = excluded.cause,
    cause_attribute = excluded.cause_attribute`;
const PUT_CONTENT = "UPDATE sluice_dead_letters SET content = $2 WHERE id_hash = $1";
// The time too: the unique index has it, and it names the partition.
const REMOVE_ROW = "DELETE FROM data WHERE event_id = $1 AND received_at = $2";
const REMOVE = "DELETE FROM sluice_dead_letters WHERE id_hash = $1";
const FIND_ROW = "SELECT attempts, content FROM sluice_dead_letters WHERE id_hash = $1 AND kind = 'row'";

const FIND_MESSAGE = `SELECT dead_rows AS dead, discarded_rows AS discarded FROM sluice_dead_messages
  WHERE flow = $1 AND action = $2 AND message_id = $3`;
const PUT_MESSAGE = `INSERT INTO sluice_dead_messages (flow, action, message_id, dead_rows, discarded_rows)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (flow, action, message_id) DO UPDATE
  SET dead_rows = excluded.dead_rows, discarded_rows = excluded.discarded_rows`;
const REMOVE_MESSAGE = "DELETE FROM sluice_dead_messages WHERE flow = $1 AND action = $2 AND message_id = $3";

interface DeadRow {
  readonly attempts: number;
  readonly row: DataRow;
}

export const hashOf = (id: string): Buffer => createHash("sha256").update(id).digest();

/** What of a letter text cannot hold, as JSON; null for nearly every letter. */
const exactOf = ({ attribute, reason }: DeadLetter): string | null =>
  isStorable(attribute ?? "") && isStorable(reason) ? null : JSON.stringify({ attribute, reason });

/** The dead letters within one batch's transaction. */
export class DeadLetterBook {
  readonly #client: PoolClient;
  readonly #counts: CountChanges;
  /** RFC 3339 UTC; for every row that dies in the batch. */
  readonly #now: string;

  constructor(client: PoolClient, counts: CountChanges, now: string) {
    this.#client = client;
    this.#counts = counts;
    this.#now = now;
  }

  /** Of a delivery; row letters are the store's own. */
  async change({ kind, letter }: DeadLetterChange): Promise<void> {
    if (letter.kind === "row") return;
    if (kind === "add") await this.#put(letter, null);
    else await this.#remove(letter.id);
  }

  async bury({ row, reason }: RefusedRow): Promise<DeadLetter> {
    const letter = rowLetter(row, reason, 1, this.#now);
    const known = (await this.#findRow(letter.id)) !== null;
    await this.#put(letter, row);
    if (!known) await this.#moveMessage(row, { dead: 1, discarded: 0 });
    return letter;
  }

  /** @returns the row's letter when it was refused again; null when it is stored, or was not dead */
  async retry({ id, edit }: RowCommand, writer: RowWriter): Promise<DeadLetter | null> {
    const found = await this.#findRow(id);
    if (!found) return edit ? this.#replace(id, edit, writer) : null;
    const row = edit?.row ?? found.row;
    const [refused] = await writer.insert([row]);
    if (refused) {
      const letter = rowLetter(row, refused.reason, found.attempts + 1, this.#now, id);
      await this.#put(letter, row);
      if (edit) await this.#client.query(PUT_CONTENT, [hashOf(id), JSON.stringify(row)]);
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
    const { rowCount } = await this.#client.query(REMOVE_ROW, [storableText(replaces), toStoredTime(row.receivedAt)]);
    if (rowCount === 0) return null;
    const [refused] = await writer.insert([row]);
    if (!refused) return null;
    const letter = rowLetter(row, refused.reason, 1, this.#now, id);
    await this.#put(letter, row);
    await this.#moveMessage(row, { dead: 1, discarded: 0 });
    return letter;
  }

  async discard(id: string): Promise<void> {
    const found = await this.#findRow(id);
    if (!found) return;
    await this.#remove(id);
    await this.#moveMessage(found.row, { dead: -1, discarded: 1 });
  }

  async #put(letter: DeadLetter, row: DataRow | null): Promise<void> {
    const values = [
      hashOf(letter.id),
      storableText(letter.id),
      letter.kind,
      storableText(letter.flow),
      storableText(letter.action),
      storableText(letter.messageId),
      letter.messageNumber,
      letter.attribute === null ? null : storableText(letter.attribute),
      storableText(letter.reason),
      letter.attempts,
      toStoredTime(letter.deadAt),
      storableText(letter.eventId),
      exactOf(letter),
      row && JSON.stringify(row),
      causeOf(letter.reason),
      storableText(causeAttribute(letter)),
    ];
    await this.#client.query({ name: "put-letter", text: PUT, values });
  }

  async #remove(id: string): Promise<void> {
    await this.#client.query(REMOVE, [hashOf(id)]);
  }

  async #findRow(id: string): Promise<DeadRow | null> {
    const { rows } = await this.#client.query<{ attempts: number; content: string }>({
      name: "find-row",
      text: FIND_ROW,
      values: [hashOf(id)],
    });
    const [found] = rows;
    return found ? { attempts: found.attempts, row: JSON.parse(found.content) as DataRow } : null;
  }

  /** Counts a message once, however many of its rows are dead. */
  async #moveMessage(row: DataRow, change: RowTally): Promise<void> {
    const key = [row.flow, row.action, row.messageId].map(storableText);
    const { rows } = await this.#client.query<RowTally>(FIND_MESSAGE, key);
    const before = rows[0] ?? { dead: 0, discarded: 0 };
    const after = { dead: before.dead + change.dead, discarded: before.discarded + change.discarded };
    if (messageState(after) === "done") await this.#client.query(REMOVE_MESSAGE, key);
    else await this.#client.query(PUT_MESSAGE, [...key, after.dead, after.discarded]);
    this.#counts.add(row.flow, row.action, messageState(before), -1);
    this.#counts.add(row.flow, row.action, messageState(after), 1);
  }
}
