/** Writing rows of the `data` table in bulk, and telling those that it refuses from a database that is out of order. */
import { ATTRIBUTE_NAME_LIMIT, attributeNameTooLong, type DataRow } from "@sluice/domain";
import type { Connection } from "mariadb";
import { dataError } from "./connection.ts";
import { toStoredTime } from "./projection-store-time.ts";

export interface RefusedRow {
  readonly row: DataRow;
  readonly reason: string;
  /** Larger than the server takes in one packet, so that it cannot be kept with its dead letter either. */
  readonly oversized?: true;
}

/**
 * INSERT IGNORE would turn every error of the data into a warning. This passes over a row only when its event is stored
 * already. Where the row collides with another unique index, NULL in a column that cannot be NULL makes the server refuse
 * it; `id` would not do, as NULL there is taken for 0.
 */
const INSERT = `INSERT INTO data
    (received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id, message_id, action, value_type,
     value_number, device_time)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE flow_code = IF(event_id <=> VALUES(event_id), flow_code, NULL)`;

/** Bytes of a packet, at most: beyond a few hundred KB a larger one makes no measurable difference. */
const PACKET_BYTES = 4 * 1024 * 1024;
/** For what is in a packet beside the rows. */
const PACKET_HEAD_BYTES = 4_096;
/** For a row's columns beside its texts, in the text form that they are sent in. */
const ROW_BYTES = 256;
/** Of UTF-8, at most: no UTF-16 unit takes more than three. */
const bytesOf = (row: DataRow): number =>
  ROW_BYTES +
  3 * (row.text.length + row.attribute.length + row.flow.length + row.action.length) +
  row.eventId.length +
  row.messageId.length;

/** Texts and nulls only: a change of a column's type within a batch would end the packet. */
const valuesOf = (row: DataRow): (string | null)[] => [
  toStoredTime(row.receivedAt),
  row.flow,
  row.attribute,
  row.text,
  String(row.messageNumber),
  row.eventId,
  row.messageId,
  row.action,
  row.valueType,
  row.number === null ? null : String(row.number),
  row.deviceTime === null ? null : toStoredTime(row.deviceTime),
];

export class RowWriter {
  readonly #connection: Connection;
  readonly #maxBytes: number;
  readonly #refused: RefusedRow[] = [];

  /** @param maxAllowedPacket the server's `max_allowed_packet`, in bytes */
  constructor(connection: Connection, maxAllowedPacket: number) {
    this.#connection = connection;
    this.#maxBytes = maxAllowedPacket - PACKET_HEAD_BYTES;
  }

  /**
   * Stores the rows, in a transaction of the caller's; a row whose event is stored already is left out.
   * @returns the rows that the table refuses by their content
   * @throws the server's error when the database is at fault; the transaction must then be rolled back
   */
  async insert(rows: readonly DataRow[]): Promise<readonly RefusedRow[]> {
    this.#refused.length = 0;
    const packetBytes = Math.min(PACKET_BYTES, this.#maxBytes);
    let packet: DataRow[] = [];
    let bytes = 0;
    for (const row of rows) {
      const size = bytesOf(row);
      if (this.#refuseBySize(row, size)) continue;
      if (bytes + size > packetBytes && packet.length > 0) {
        await this.#store(packet);
        packet = [];
        bytes = 0;
      }
      packet.push(row);
      bytes += size;
    }
    if (packet.length > 0) await this.#store(packet);
    return [...this.#refused];
  }

  #refuseBySize(row: DataRow, bytes: number): boolean {
    if (bytes > this.#maxBytes && ROW_BYTES * 2 + Buffer.byteLength(row.text) > this.#maxBytes) {
      const reason = `the value has ${Buffer.byteLength(row.text)} bytes, more than the server's max_allowed_packet takes`;
      this.#refused.push({ row, reason, oversized: true });
      return true;
    }
    // MariaDB cuts spaces at the end of a name that is too long, even in strict mode (seen in 10.11).
    if (!attributeNameTooLong(row.attribute)) return false;
    this.#refused.push({ row, reason: `the attribute's name has more than ${ATTRIBUTE_NAME_LIMIT} characters` });
    return true;
  }

  /** Halves what is refused until the rows at fault are found. */
  async #store(rows: readonly DataRow[]): Promise<void> {
    const reason = await this.#tryInsert(rows);
    if (reason === null) return;
    if (rows.length === 1) {
      this.#refused.push({ row: rows[0] as DataRow, reason });
      return;
    }
    const middle = rows.length >> 1;
    await this.#store(rows.slice(0, middle));
    await this.#store(rows.slice(middle));
  }

  /** @returns why the table refuses a row of these, and stores none then; or null when it has taken them all */
  async #tryInsert(rows: readonly DataRow[]): Promise<string | null> {
    const values = rows.map(valuesOf);
    await this.#connection.query("SAVEPOINT packet");
    try {
      await this.#connection.batch(INSERT, values);
      return null;
    } catch (error) {
      const reason = dataError(error);
      if (reason === null) throw error;
      // Rows before the one at fault are in: the order of storing would not be that of the batch.
      await this.#connection.query("ROLLBACK TO SAVEPOINT packet");
      return reason;
    }
  }
}
