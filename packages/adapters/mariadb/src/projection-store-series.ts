/**
 * Finding rows of the `data` table by (received_at, id).
 *
 * A series, one attribute of one flow, is an ordered range of the index `data_series`, and so is all of `data_time`. A
 * filter by flow alone or attribute alone names several series. A few are merged. Of many (an attribute that thousands
 * of flows have) a page is usually found by walking along `data_time`; only when it is not are they all merged.
 */
import { type DataFilter, type Key, KeyMerge, type KeyRange } from "@sluice/domain";
import type { Connection } from "mariadb";

interface Series {
  readonly flow: string;
  readonly attribute: string;
}

/** Series that are merged without trying the walk, and in one statement. */
const FEW_SERIES = 100;
/** Rows that the walk looks at. */
const WALK_ROWS = 5_000;

/** MariaDB makes no range of `(received_at, id) > (?, ?)` (seen in EXPLAIN, 10.11). */
export const WITHIN = "received_at BETWEEN ? AND ? AND (received_at > ? OR id > ?) AND (received_at < ? OR id < ?)";
export const boundsOf = ({ low, high }: KeyRange): readonly (string | number)[] => [
  low.received_at,
  high.received_at,
  low.received_at,
  low.id,
  high.received_at,
  high.id,
];
export const ordered = (order: KeyRange["order"]): string => `ORDER BY received_at ${order}, id ${order} LIMIT ?`;

/** DISTINCT jumps from value to value along the index `data_series`, whatever the number of rows between. */
const FLOWS = "SELECT DISTINCT flow_code AS name FROM data LIMIT ?";
const ATTRIBUTES = "SELECT DISTINCT attribute_name AS name FROM data WHERE flow_code = ? LIMIT ?";

const listSeries = async (connection: Connection, filter: DataFilter, limit: number): Promise<readonly Series[]> => {
  const { flow, attribute } = filter;
  if (flow === undefined) {
    const flows = await connection.query<{ name: string }[]>(FLOWS, [limit]);
    return flows.map(({ name }) => ({ flow: name, attribute: attribute as string }));
  }
  const attributes = await connection.query<{ name: string }[]>(ATTRIBUTES, [flow, limit]);
  return attributes.map(({ name }) => ({ flow, attribute: name }));
};

/** @returns null when the page is not full by then */
const walk = async (connection: Connection, filter: DataFilter, range: KeyRange): Promise<readonly Key[] | null> => {
  const [column, value] = filter.flow === undefined ? ["attribute_name", filter.attribute] : ["flow_code", filter.flow];
  const keys = await connection.query<Key[]>(
    `SELECT received_at, id
     FROM (SELECT received_at, id, ${column} AS name FROM data WHERE ${WITHIN} ${ordered(range.order)}) AS walked
     WHERE name = ? ${ordered(range.order)}`,
    [...boundsOf(range), WALK_ROWS, value, range.limit],
  );
  return keys.length < range.limit ? null : keys;
};

/** Each part is asked only for what comes before the last key found so far. */
const merge = async (connection: Connection, series: readonly Series[], range: KeyRange): Promise<readonly Key[]> => {
  const { order, limit } = range;
  const select = `(SELECT received_at, id FROM data
    WHERE flow_code = ? AND attribute_name = ? AND ${WITHIN} ${ordered(order)})`;
  const merged = new KeyMerge(range);
  for (let start = 0; start < series.length; start += FEW_SERIES) {
    const part = series.slice(start, start + FEW_SERIES);
    const found = await connection.query<Key[]>(`${part.map(() => select).join(" UNION ALL ")} ${ordered(order)}`, [
      ...part.flatMap(({ flow, attribute }) => [flow, attribute, ...boundsOf(merged.rest), limit]),
      limit,
    ]);
    merged.add(found);
  }
  return merged.keys;
};

/** Of a filter with a flow and no attribute, or with an attribute and no flow. */
export const findKeys = async (
  connection: Connection,
  filter: DataFilter,
  range: KeyRange,
): Promise<readonly Key[]> => {
  const few = await listSeries(connection, filter, FEW_SERIES + 1);
  if (few.length <= FEW_SERIES) return merge(connection, few, range);
  const walked = await walk(connection, filter, range);
  return walked ?? merge(connection, await listSeries(connection, filter, Number.MAX_SAFE_INTEGER), range);
};
