/** The listing of stored attributes. */
import type { DataItem } from "@sluice/contracts";
import {
  BadCursor,
  type DataFilter,
  decodeCursor,
  encodeCursor,
  type Key,
  type KeyRange,
  keyRange,
  type Page,
  type PageRequest,
  parseRowId,
  readValue,
} from "@sluice/domain";
import type { Connection, Pool } from "mariadb";
import { consistently } from "./connection.ts";
import { boundsOf, findKeys, ordered, WITHIN } from "./projection-store-series.ts";
import {
  endOfMillisecond,
  fromStoredTime,
  HIGHEST_TIME,
  isStoredTime,
  LOWEST_TIME,
  toStoredTime,
} from "./projection-store-time.ts";

interface StoredRow extends Content, Key {}

interface Content {
  readonly received_at: string;
  readonly flow_code: string;
  readonly action: string | null;
  readonly attribute_name: string;
  readonly attribute_value: string | null;
  readonly last_msg_id: number;
  readonly event_id: string | null;
  readonly message_id: string | null;
  readonly value_type: string | null;
  readonly device_time: string | null;
}

const CONTENT = `received_at, flow_code, action, attribute_name, attribute_value, last_msg_id, event_id, message_id,
  value_type, device_time`;
const COLUMNS = `id, ${CONTENT}`;

const rangeOf = (filter: DataFilter, page: PageRequest): KeyRange => {
  const from = filter.from === undefined ? LOWEST_TIME : toStoredTime(filter.from);
  const to = filter.to === undefined ? HIGHEST_TIME : endOfMillisecond(filter.to);
  return keyRange(from, to, page.after === undefined ? null : keyOf(page.after), page);
};

/** @throws BadCursor */
const keyOf = (after: string): Key => {
  const [received_at, id] = decodeCursor("data", ["string", "number"], after) as [string, number];
  if (!isStoredTime(received_at)) throw new BadCursor("the cursor is not one that this listing has given out");
  return { received_at, id };
};

const selectRows = (pool: Pool, filter: DataFilter, range: KeyRange): Promise<readonly StoredRow[]> => {
  const { flow, attribute, messageId, eventId } = filter;
  const conditions = [
    ["event_id", eventId],
    ["message_id", messageId],
    ["flow_code", flow],
    ["attribute_name", attribute],
  ].filter((condition): condition is [string, string] => condition[1] !== undefined);
  const select = (index: string): Promise<readonly StoredRow[]> =>
    pool.query<StoredRow[]>(
      `SELECT ${COLUMNS} FROM data FORCE INDEX (${index})
       WHERE ${[...conditions.map(([column]) => `${column} = ?`), WITHIN].join(" AND ")} ${ordered(range.order)}`,
      [...conditions.map(([, value]) => value), ...boundsOf(range), range.limit],
    );

  if (eventId !== undefined) return select("data_event");
  if (messageId !== undefined) return select("data_message");
  if (flow !== undefined && attribute !== undefined) return select("data_series");
  if (flow === undefined && attribute === undefined) return select("data_time");
  return consistently(pool, async (connection) => {
    const keys = await findKeys(connection, filter, range);
    return selectByKeys(connection, keys);
  });
};

const selectByKeys = async (connection: Connection, keys: readonly Key[]): Promise<readonly StoredRow[]> => {
  if (keys.length === 0) return [];
  const rows = await connection.query<StoredRow[]>(
    `SELECT ${COLUMNS} FROM data WHERE id IN (${keys.map(() => "?").join(", ")})`,
    keys.map(({ id }) => id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return keys.map(({ id }) => byId.get(id) as StoredRow);
};

const toItem = (row: StoredRow): DataItem => ({ id: String(row.id), ...toContent(row) });

const toContent = (row: Content): Omit<DataItem, "id"> => ({
  flow: row.flow_code,
  action: row.action,
  attribute: row.attribute_name,
  ...readValue(row.attribute_value, row.value_type),
  messageId: row.message_id,
  messageNumber: row.last_msg_id,
  receivedAt: fromStoredTime(row.received_at),
  deviceTime: row.device_time === null ? null : fromStoredTime(row.device_time),
  eventId: row.event_id,
});

/** @throws BadCursor */
export const listData = async (pool: Pool, filter: DataFilter, page: PageRequest): Promise<Page<DataItem>> => {
  const rows = await selectRows(pool, filter, rangeOf(filter, page));
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const next = rows.length > page.limit && last ? encodeCursor("data", [last.received_at, last.id]) : null;
  return { items: items.map(toItem), next };
};

/** Its id as it was given: the driver would round one beyond 2^53. */
export const findRow = async (pool: Pool, id: string): Promise<DataItem | null> => {
  const parsed = parseRowId(id);
  if (parsed === null) return null;
  const [found] = await pool.query<Content[]>(`SELECT ${CONTENT} FROM data WHERE id = ?`, [parsed]);
  return found === undefined ? null : { id, ...toContent(found) };
};
