/**
 * The listing of stored attributes, by (received_at, id).
 *
 * A series, one attribute of one flow, is an ordered range of the index `data_series`, and so is all of `data_time`.
 * A filter by flow alone or attribute alone names several series; these are merged.
 */
import type { DataItem } from "@sluice/contracts";
import type { DataFilter, Page, PageRequest } from "@sluice/domain";
import { decodeCursor, encodeCursor } from "./projection-store-paging.ts";
import { fromStoredTime, highestStoredTime, lowestStoredTime } from "./projection-store-time.ts";
import { readValue } from "./projection-store-value.ts";
import type { StatementCache } from "./statement-cache.ts";

interface Key {
  readonly received_at: string;
  readonly id: number;
}

interface StoredRow extends Key {
  readonly flow_code: string;
  readonly attribute_name: string;
  readonly attribute_value: string | null;
  readonly last_msg_id: number;
  readonly event_id: string | null;
  readonly message_id: string | null;
  readonly value_type: string | null;
  readonly device_time: string | null;
}

interface Series {
  readonly flow: string;
  readonly attribute: string;
}

/** Both ends exclusive. */
interface Bounds {
  readonly low: Key;
  readonly high: Key;
}

type Order = "asc" | "desc";

const COLUMNS = `id, received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id, message_id,
  value_type, device_time`;
const WITHIN = "(received_at, id) > (?, ?) AND (received_at, id) < (?, ?)";
const ordered = (order: Order): string => `ORDER BY received_at ${order}, id ${order} LIMIT ?`;

const NEXT_FLOW = "SELECT min(flow_code) AS next FROM data WHERE flow_code > ?";
const NEXT_ATTRIBUTE = "SELECT min(attribute_name) AS next FROM data WHERE flow_code = ? AND attribute_name > ?";
const HAS_SERIES = "SELECT 1 FROM data WHERE flow_code = ? AND attribute_name = ? LIMIT 1";

const compare = (a: Key, b: Key): number => {
  if (a.received_at !== b.received_at) return a.received_at < b.received_at ? -1 : 1;
  return a.id - b.id;
};

const boundsOf = (filter: DataFilter, page: PageRequest): Bounds => {
  let low: Key = {
    received_at: filter.from === undefined ? "" : lowestStoredTime(filter.from),
    id: Number.MIN_SAFE_INTEGER,
  };
  let high: Key = {
    // Above every digit.
    received_at: filter.to === undefined ? "~" : highestStoredTime(filter.to),
    id: Number.MAX_SAFE_INTEGER,
  };
  if (page.after !== undefined) {
    const [received_at, id] = decodeCursor("data", ["string", "number"], page.after) as [string, number];
    const after = { received_at, id };
    if (page.order === "desc") high = compare(after, high) < 0 ? after : high;
    else low = compare(after, low) > 0 ? after : low;
  }
  return { low, high };
};

const parametersOf = ({ low, high }: Bounds) => [low.received_at, low.id, high.received_at, high.id] as const;

/** Jumps from value to value along the index `data_series`, whatever the number of rows between. */
const jump = (next: (last: string) => unknown): string[] => {
  const found: string[] = [];
  for (let value = next(""); typeof value === "string"; value = next(value)) found.push(value);
  return found;
};

const seriesOf = (statements: StatementCache, filter: DataFilter): Series[] => {
  const { flow, attribute } = filter;
  if (flow !== undefined) {
    const next = statements.prepare(NEXT_ATTRIBUTE);
    return jump((last) => next.get(flow, last)?.next).map((found) => ({ flow, attribute: found }));
  }
  if (attribute === undefined) return [];
  const next = statements.prepare(NEXT_FLOW);
  const has = statements.prepare(HAS_SERIES);
  return jump((last) => next.get(last)?.next)
    .filter((found) => has.get(found, attribute))
    .map((found) => ({ flow: found, attribute }));
};

/** The first keys over all series. Each series is asked only for what still comes before the last key found so far. */
const mergeKeys = (
  statements: StatementCache,
  series: readonly Series[],
  bounds: Bounds,
  order: Order,
  limit: number,
): Key[] => {
  const select = statements.prepare(
    `SELECT received_at, id FROM data WHERE flow_code = ? AND attribute_name = ? AND ${WITHIN} ${ordered(order)}`,
  );
  const sign = order === "asc" ? 1 : -1;
  let keys: Key[] = [];
  let within = bounds;
  for (const { flow, attribute } of series) {
    const found = select.all(flow, attribute, ...parametersOf(within), limit) as unknown as Key[];
    if (found.length === 0) continue;
    keys = [...keys, ...found].sort((a, b) => sign * compare(a, b)).slice(0, limit);
    const last = keys[limit - 1];
    if (last) within = order === "asc" ? { ...bounds, high: last } : { ...bounds, low: last };
  }
  return keys;
};

const selectRows = (
  statements: StatementCache,
  filter: DataFilter,
  bounds: Bounds,
  order: Order,
  limit: number,
): StoredRow[] => {
  const { flow, attribute, messageId } = filter;
  const select = (where: string, ...values: string[]): StoredRow[] =>
    statements
      .prepare(`SELECT ${COLUMNS} FROM data WHERE ${where} ${WITHIN} ${ordered(order)}`)
      .all(...values, ...parametersOf(bounds), limit) as unknown as StoredRow[];

  if (messageId !== undefined) {
    // The plus signs keep the planner on the index of messages: a series may have millions of rows.
    const conditions = ["message_id = ? AND"];
    const values = [messageId];
    if (flow !== undefined) conditions.push("+flow_code = ? AND");
    if (flow !== undefined) values.push(flow);
    if (attribute !== undefined) conditions.push("+attribute_name = ? AND");
    if (attribute !== undefined) values.push(attribute);
    return select(conditions.join(" "), ...values);
  }
  if (flow !== undefined && attribute !== undefined) {
    return select("flow_code = ? AND attribute_name = ? AND", flow, attribute);
  }
  if (flow === undefined && attribute === undefined) return select("");
  const byId = statements.prepare(`SELECT ${COLUMNS} FROM data WHERE id = ?`);
  return mergeKeys(statements, seriesOf(statements, filter), bounds, order, limit).map(
    ({ id }) => byId.get(id) as unknown as StoredRow,
  );
};

const toItem = (row: StoredRow): DataItem => ({
  id: String(row.id),
  flow: row.flow_code,
  attribute: row.attribute_name,
  ...readValue(row.attribute_value, row.value_type),
  messageId: row.message_id,
  messageNumber: row.last_msg_id,
  receivedAt: fromStoredTime(row.received_at),
  deviceTime: row.device_time === null ? null : fromStoredTime(row.device_time),
  eventId: row.event_id,
});

/** @throws BadCursor */
export const listData = (statements: StatementCache, filter: DataFilter, page: PageRequest): Page<DataItem> => {
  const bounds = boundsOf(filter, page);
  const rows = selectRows(statements, filter, bounds, page.order ?? "asc", page.limit + 1);
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const next = rows.length > page.limit && last ? encodeCursor("data", [last.received_at, last.id]) : null;
  return { items: items.map(toItem), next };
};
