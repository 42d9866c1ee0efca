/**
 * Finding rows of the `data` table by (received_at, id).
 *
 * A series, one attribute of one flow, is an ordered range of the index `data_series`, and so is all of `data_time`. A
 * filter by flow alone or attribute alone names several series. A few are merged. Of many (an attribute that thousands
 * of flows have) a page is usually found by walking along `data_time`; only when it is not are they all merged.
 */
import { type DataFilter, type Key, KeyMerge, type KeyRange } from "@sluice/domain";
import type { StatementCache } from "./statement-cache.ts";

interface Series {
  readonly flow: string;
  readonly attribute: string;
}

/** Series that are merged without trying the walk: about a millisecond. */
const FEW_SERIES = 100;
/** Rows that the walk looks at. */
const WALK_ROWS = 5_000;

export const WITHIN = "(received_at, id) > (?, ?) AND (received_at, id) < (?, ?)";
export const boundsOf = ({ low, high }: KeyRange) => [low.received_at, low.id, high.received_at, high.id] as const;
export const ordered = (order: KeyRange["order"]): string => `ORDER BY received_at ${order}, id ${order} LIMIT ?`;

/** Jumps from value to value along the index `data_series`, whatever the number of rows between. */
const FLOWS = `WITH RECURSIVE found (name) AS (
    SELECT min(flow_code) FROM data
    UNION ALL
    SELECT (SELECT min(flow_code) FROM data WHERE flow_code > name) FROM found WHERE name IS NOT NULL
  )
  SELECT name FROM found WHERE name IS NOT NULL LIMIT ?`;
const ATTRIBUTES = `WITH RECURSIVE found (name) AS (
    SELECT min(attribute_name) FROM data WHERE flow_code = $flow
    UNION ALL
    SELECT (SELECT min(attribute_name) FROM data WHERE flow_code = $flow AND attribute_name > name)
    FROM found WHERE name IS NOT NULL
  )
  SELECT name FROM found WHERE name IS NOT NULL LIMIT $limit`;

const listSeries = (statements: StatementCache, filter: DataFilter, limit: number): readonly Series[] => {
  const { flow, attribute } = filter;
  if (flow === undefined) {
    const flows = statements.prepare(FLOWS).all(limit);
    return flows.map(({ name }) => ({ flow: name as string, attribute: attribute as string }));
  }
  const attributes = statements.prepare(ATTRIBUTES).all({ flow, limit });
  return attributes.map(({ name }) => ({ flow, attribute: name as string }));
};

/** @returns null when the page is not full by then */
const walk = (statements: StatementCache, filter: DataFilter, range: KeyRange): readonly Key[] | null => {
  const [column, value] =
    filter.flow === undefined ? ["attribute_name", filter.attribute as string] : ["flow_code", filter.flow];
  const keys = statements
    .prepare(
      `SELECT received_at, id
       FROM (SELECT received_at, id, ${column} AS name FROM data WHERE ${WITHIN} ${ordered(range.order)})
       WHERE name = ? LIMIT ?`,
    )
    .all(...boundsOf(range), WALK_ROWS, value, range.limit) as unknown as Key[];
  return keys.length < range.limit ? null : keys;
};

/** Each series is asked only for what comes before the last key found so far. */
const merge = (statements: StatementCache, series: readonly Series[], range: KeyRange): readonly Key[] => {
  const select = statements.prepare(
    `SELECT received_at, id FROM data WHERE flow_code = ? AND attribute_name = ? AND ${WITHIN} ${ordered(range.order)}`,
  );
  const merged = new KeyMerge(range);
  for (const { flow, attribute } of series) {
    merged.add(select.all(flow, attribute, ...boundsOf(merged.rest), range.limit) as unknown as Key[]);
  }
  return merged.keys;
};

/** Of a filter with a flow and no attribute, or with an attribute and no flow. */
export const findKeys = (statements: StatementCache, filter: DataFilter, range: KeyRange): readonly Key[] => {
  const few = listSeries(statements, filter, FEW_SERIES + 1);
  if (few.length <= FEW_SERIES) return merge(statements, few, range);
  return (
    walk(statements, filter, range) ?? merge(statements, listSeries(statements, filter, Number.MAX_SAFE_INTEGER), range)
  );
};
