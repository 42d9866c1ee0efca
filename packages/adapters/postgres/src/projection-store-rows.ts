/** Writing rows of the `data` table in bulk, and telling those that it refuses from a database that is out of order. */
import { ATTRIBUTE_NAME_LIMIT, attributeNameTooLong, type DataRow } from "@sluice/domain";
import type { PoolClient } from "pg";
import { copyRows, insertRows } from "./projection-store-copy.ts";
import { isStorable } from "./projection-store-text.ts";
import { dataError } from "./transaction.ts";

export interface RefusedRow {
  readonly row: DataRow;
  readonly reason: string;
}

/** Characters of text in one statement, at most: beyond a few hundred KB more make no measurable difference. */
const PART_CHARACTERS = 4 * 1024 * 1024;
/** For a row's columns beside its texts. */
const ROW_CHARACTERS = 256;

/** PostgreSQL would cut spaces at the end of a name that is too long. */
const reasonAgainst = ({ attribute }: DataRow): string | null => {
  if (attributeNameTooLong(attribute)) return `the attribute's name has more than ${ATTRIBUTE_NAME_LIMIT} characters`;
  if (isStorable(attribute)) return null;
  return "the attribute's name has U+0000 or half of a surrogate pair, which PostgreSQL cannot store";
};

export class RowWriter {
  readonly #client: PoolClient;
  #refused: RefusedRow[] = [];

  /** @param client in a transaction */
  constructor(client: PoolClient) {
    this.#client = client;
  }

  /**
   * Stores the rows; a row whose event is stored already is left out.
   * @returns the rows that the table refuses by their content
   * @throws the server's error when the database is at fault; the transaction must then be rolled back
   */
  async insert(rows: readonly DataRow[]): Promise<readonly RefusedRow[]> {
    this.#refused = [];
    let part: DataRow[] = [];
    let characters = 0;
    for (const row of rows) {
      const reason = reasonAgainst(row);
      if (reason !== null) {
        this.#refused.push({ row, reason });
        continue;
      }
      const size = ROW_CHARACTERS + row.text.length + row.attribute.length;
      if (characters + size > PART_CHARACTERS && part.length > 0) {
        await this.#store(part);
        part = [];
        characters = 0;
      }
      part.push(row);
      characters += size;
    }
    if (part.length > 0) await this.#store(part);
    return this.#refused;
  }

  /** COPY cannot pass over a row that is there already; that is rare, and found out by trying. */
  async #store(rows: readonly DataRow[]): Promise<void> {
    const refusal = await this.#attempt(() => copyRows(this.#client, rows));
    if (refusal !== null) await this.#sortOut(rows);
  }

  /** Halves what is refused until the rows at fault are found; the others are stored in the order given. */
  async #sortOut(rows: readonly DataRow[]): Promise<void> {
    const reason = await this.#attempt(() => insertRows(this.#client, rows));
    if (reason === null) return;
    if (rows.length === 1) {
      this.#refused.push({ row: rows[0] as DataRow, reason });
      return;
    }
    const middle = rows.length >> 1;
    await this.#sortOut(rows.slice(0, middle));
    await this.#sortOut(rows.slice(middle));
  }

  /** @returns why the server refuses the data, and nothing is stored then; or null when it has taken all */
  async #attempt(write: () => Promise<void>): Promise<string | null> {
    await this.#client.query("SAVEPOINT part");
    try {
      await write();
    } catch (error) {
      const reason = dataError(error);
      if (reason === null) throw error;
      await this.#client.query("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part");
      return reason;
    }
    await this.#client.query("RELEASE SAVEPOINT part");
    return null;
  }
}
