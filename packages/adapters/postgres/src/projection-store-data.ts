/** The listing of stored attributes. */
import type { DataItem } from "@sluice/contracts";
import {
  BadCursor,
  type DataFilter,
  decodeCursor,
  encodeCursor,
  type Page,
  type PageRequest,
  parseRowId,
  readValue,
} from "@sluice/domain";
import type { Pool } from "pg";
import { sqlState } from "./connection.ts";
import {
  bounds,
  COLUMNS,
  findBySeries,
  ordered,
  type RowRange,
  type StoredRow,
  within,
} from "./projection-store-series.ts";
import { isStorable } from "./projection-store-text.ts";
import { endOfMillisecond, fromStoredTime, isStoredTime, toStoredTime } from "./projection-store-time.ts";
import { consistently } from "./transaction.ts";

/** One more than the page has, to see whether there is a next one. @throws BadCursor */
const rangeOf = (filter: DataFilter, page: PageRequest): RowRange => {
  const order = page.order ?? "asc";
  return {
    from: filter.from === undefined ? "-infinity" : toStoredTime(filter.from),
    to: filter.to === undefined ? "infinity" : endOfMillisecond(filter.to),
    after: page.after === undefined ? BEFORE_ALL[order] : keyOf(page.after),
    order,
    limit: page.limit + 1,
  };
};

const BEFORE_ALL = {
  asc: { receivedAt: "-infinity", id: Number.MIN_SAFE_INTEGER },
  desc: { receivedAt: "infinity", id: Number.MAX_SAFE_INTEGER },
} as const;

const badCursor = (): BadCursor => new BadCursor("the cursor is not one that this listing has given out");

const keyOf = (after: string): RowRange["after"] => {
  const [receivedAt, id] = decodeCursor("data", ["string", "number"], after) as [string, number];
  if (!isStoredTime(receivedAt)) throw badCursor();
  return { receivedAt, id };
};

const selectRows = async (pool: Pool, filter: DataFilter, range: RowRange): Promise<readonly StoredRow[]> => {
  const { flow, attribute, messageId, eventId } = filter;
  if (messageId !== undefined || eventId !== undefined) return selectOfOrigin(pool, filter, range);
  if ((flow === undefined) !== (attribute === undefined)) {
    return consistently(pool, (client) => findBySeries(client, filter, range));
  }
  const [name, condition] =
    flow === undefined ? ["all", ""] : ["series", "flow_code = $6 AND attribute_name = $7 AND "];
  const { rows } = await pool.query<StoredRow>({
    name: `data-of-${name}-${range.order}`,
    text: `SELECT ${COLUMNS} FROM data WHERE ${condition} ${within(range.order)} ${ordered(range.order)}`,
    values: [...bounds(range), ...(flow === undefined ? [] : [flow, attribute])],
  });
  return rows;
};

/** A message has few rows, an event one. Taken out first, so that none is looked for along the time or a series. */
const selectOfOrigin = async (pool: Pool, filter: DataFilter, range: RowRange): Promise<readonly StoredRow[]> => {
  const { flow, attribute, messageId, eventId } = filter;
  const column = eventId === undefined ? "message_id" : "event_id";
  const { rows } = await pool.query<StoredRow>({
    name: `data-of-${column}-${range.order}`,
    text: `WITH origin AS MATERIALIZED (SELECT * FROM data WHERE ${column} = $6)
      SELECT ${COLUMNS} FROM origin
      WHERE ($7::text IS NULL OR flow_code = $7) AND ($8::text IS NULL OR attribute_name = $8)
        AND ($9::text IS NULL OR message_id = $9) AND ${within(range.order)} ${ordered(range.order, "origin")}`,
    values: [...bounds(range), eventId ?? messageId, flow ?? null, attribute ?? null, messageId ?? null],
  });
  return rows;
};

const toItem = (row: StoredRow): DataItem => ({
  id: row.id,
  flow: row.flow_code,
  action: row.action,
  attribute: row.attribute_name,
  ...readValue(row.exact_value === null ? row.attribute_value : JSON.parse(row.exact_value), row.value_type),
  messageId: row.message_id,
  messageNumber: Number(row.last_msg_id),
  receivedAt: fromStoredTime(row.received_at),
  deviceTime: row.device_time === null ? null : fromStoredTime(row.device_time),
  eventId: row.event_id,
});

/** Of a cursor with a time that there is not: 2026-02-31. */
const DATETIME_ERRORS: ReadonlySet<string | null> = new Set(["22007", "22008"]);

/** @throws BadCursor */
export const listData = async (pool: Pool, filter: DataFilter, page: PageRequest): Promise<Page<DataItem>> => {
  const range = rangeOf(filter, page);
  const named = [filter.flow, filter.attribute, filter.messageId, filter.eventId];
  if (!named.every((value) => isStorable(value ?? ""))) return { items: [], next: null };
  const rows = await selectRows(pool, filter, range).catch((error) => {
    throw page.after !== undefined && DATETIME_ERRORS.has(sqlState(error)) ? badCursor() : error;
  });
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const next = rows.length > page.limit && last ? encodeCursor("data", [last.received_at, Number(last.id)]) : null;
  return { items: items.map(toItem), next };
};

export const findRow = async (pool: Pool, id: string): Promise<DataItem | null> => {
  const parsed = parseRowId(id);
  if (parsed === null) return null;
  const { rows } = await pool.query<StoredRow>({
    name: "row",
    text: `SELECT ${COLUMNS} FROM data WHERE id = $1::bigint LIMIT 1`,
    values: [id],
  });
  const [found] = rows;
  return found === undefined ? null : toItem(found);
};
