/** Writing rows of the `data` table, and telling those that it refuses from a database that is out of order. */
import type { SQLInputValue } from "node:sqlite";
import { ATTRIBUTE_NAME_LIMIT, attributeNameTooLong, type DataRow } from "@sluice/domain";
import { isDataError } from "./connection.ts";
import { toStoredTime } from "./projection-store-time.ts";
import type { StatementCache } from "./statement-cache.ts";

export interface RefusedRow {
  readonly row: DataRow;
  readonly reason: string;
}

export const DATA_COLUMNS = [
  "received_at",
  "flow_code",
  "attribute_name",
  "attribute_value",
  "last_msg_id",
  "event_id",
  "message_id",
  "action",
  "value_type",
  "value_number",
  "device_time",
];
const PLACEHOLDERS = `(${DATA_COLUMNS.map(() => "?").join(", ")})`;

/** Rows in one statement: from 20 on, more make no measurable difference. */
const CHUNK = 50;

/**
 * OR FAIL keeps the rows before the one that fails, so that SQLite need not be able to take the statement back; that
 * costs a copy of every page it touches, a fifth of the throughput. The rows that did get in are passed over by event
 * id when the chunk is tried again one by one.
 */
const insertStatement = (rows: number): string =>
  `INSERT OR FAIL INTO data (${DATA_COLUMNS.join(", ")}) VALUES ${Array(rows).fill(PLACEHOLDERS).join(", ")}
   ON CONFLICT (event_id) DO NOTHING`;

export class RowWriter {
  readonly #statements: StatementCache;
  #lastInstant = "";
  #lastStored = "";

  constructor(statements: StatementCache) {
    this.#statements = statements;
  }

  /**
   * Stores the rows, in a transaction of the caller's; a row whose event is stored already is left out.
   * @returns the rows that the table refuses by their content
   * @throws SQLite's error when the database is at fault; the transaction must then be rolled back
   */
  insert(rows: readonly DataRow[]): RefusedRow[] {
    const refused: RefusedRow[] = [];
    const fitting = rows.some((row) => attributeNameTooLong(row.attribute)) ? this.#sortOut(rows, refused) : rows;
    for (let start = 0; start < fitting.length; start += CHUNK) {
      const chunk = fitting.slice(start, start + CHUNK);
      if (this.#tryInsert(chunk) === null) continue;
      for (const row of chunk) {
        const reason = this.#tryInsert([row]);
        if (reason !== null) refused.push({ row, reason });
      }
    }
    return refused;
  }

  #sortOut(rows: readonly DataRow[], refused: RefusedRow[]): DataRow[] {
    return rows.filter((row) => {
      if (!attributeNameTooLong(row.attribute)) return true;
      refused.push({ row, reason: `the attribute name has more than ${ATTRIBUTE_NAME_LIMIT} characters` });
      return false;
    });
  }

  /** @returns why the table refuses a row of these, or null when it has taken them all */
  #tryInsert(rows: readonly DataRow[]): string | null {
    const values: SQLInputValue[] = [];
    for (const row of rows) {
      values.push(
        this.#storedTime(row.receivedAt),
        row.flow,
        row.attribute,
        row.text,
        row.messageNumber,
        row.eventId,
        row.messageId,
        row.action,
        row.valueType,
        row.number,
        row.deviceTime === null ? null : toStoredTime(row.deviceTime),
      );
    }
    try {
      this.#statements.prepare(insertStatement(rows.length)).run(...values);
      return null;
    } catch (error) {
      // A trigger that raises ROLLBACK has ended the transaction: what follows would be outside of it.
      if (!isDataError(error) || !this.#statements.database.isTransaction) throw error;
      return (error as Error).message;
    }
  }

  /** All rows of a message share one instant. */
  #storedTime(instant: string): string {
    if (instant !== this.#lastInstant) {
      this.#lastStored = toStoredTime(instant);
      this.#lastInstant = instant;
    }
    return this.#lastStored;
  }
}
