/** The listing of stored attributes. */
import type { DataItem } from "@sluice/contracts";
import {
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
import { boundsOf, findKeys, ordered, WITHIN } from "./projection-store-series.ts";
import { fromStoredTime, highestStoredTime, lowestStoredTime } from "./projection-store-time.ts";
import type { StatementCache } from "./statement-cache.ts";

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
  const from = filter.from === undefined ? "" : lowestStoredTime(filter.from);
  // "~" is above every digit.
  const to = filter.to === undefined ? "~" : highestStoredTime(filter.to);
  return keyRange(from, to, page.after === undefined ? null : keyOf(page.after), page);
};

/** @throws BadCursor */
const keyOf = (after: string): Key => {
  const [received_at, id] = decodeCursor("data", ["string", "number"], after) as [string, number];
  return { received_at, id };
};

const selectRows = (statements: StatementCache, filter: DataFilter, range: KeyRange): readonly StoredRow[] => {
  const { flow, attribute, messageId, eventId } = filter;
  const select = (conditions: readonly string[], values: readonly string[]): readonly StoredRow[] =>
    statements
      .prepare(`SELECT ${COLUMNS} FROM data WHERE ${[...conditions, WITHIN].join(" AND ")} ${ordered(range.order)}`)
      .all(...values, ...boundsOf(range), range.limit) as unknown as StoredRow[];

  if (messageId !== undefined || eventId !== undefined) {
    // The plus sign keeps the planner on the index of events or messages: a series may have millions of rows.
    const conditions = [
      ["event_id", eventId],
      [eventId === undefined ? "message_id" : "+message_id", messageId],
      ["+flow_code", flow],
      ["+attribute_name", attribute],
    ].filter((condition): condition is [string, string] => condition[1] !== undefined);
    return select(
      conditions.map(([column]) => `${column} = ?`),
      conditions.map(([, value]) => value),
    );
  }
  if (flow !== undefined && attribute !== undefined) {
    return select(["flow_code = ?", "attribute_name = ?"], [flow, attribute]);
  }
  if (flow === undefined && attribute === undefined) return select([], []);
  const byId = statements.prepare(`SELECT ${COLUMNS} FROM data WHERE id = ?`);
  return findKeys(statements, filter, range).map(({ id }) => byId.get(id) as unknown as StoredRow);
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
export const listData = (statements: StatementCache, filter: DataFilter, page: PageRequest): Page<DataItem> => {
  const rows = selectRows(statements, filter, rangeOf(filter, page));
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const next = rows.length > page.limit && last ? encodeCursor("data", [last.received_at, last.id]) : null;
  return { items: items.map(toItem), next };
};

/** Its id as it was given: a number of SQLite's may be beyond those of JavaScript. */
export const findRow = (statements: StatementCache, id: string): DataItem | null => {
  const parsed = parseRowId(id);
  if (parsed === null) return null;
  const found = statements.prepare(`SELECT ${CONTENT} FROM data WHERE id = ?`).get(parsed);
  return found === undefined ? null : { id, ...toContent(found as unknown as Content) };
};
