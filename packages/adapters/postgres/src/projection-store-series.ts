/**
 * Finding rows of the `data` table by (received_at, id), for a filter by flow alone or attribute alone.
 *
 * A series, one attribute of one flow, is an ordered range of the index `data_series`, and so is all of `data_time`. Such
 * a filter names several series. A few are merged. Of many (an attribute that thousands of flows have) a page is usually
 * found by walking along `data_time`; only when it is not are they all merged.
 */
import type { DataFilter } from "@sluice/domain";
import type { PoolClient } from "pg";

/** Rows to find: the first `limit` in this order. */
export interface RowRange {
  /** Stored times, both inclusive. */
  readonly from: string;
  readonly to: string;
  /** The key to go on after. */
  readonly after: { readonly receivedAt: string; readonly id: number };
  readonly order: "asc" | "desc";
  readonly limit: number;
}

/** As the listing reads them; `bigint` comes as text. */
export interface StoredRow {
  readonly id: string;
  readonly received_at: string;
  readonly flow_code: string;
  readonly action: string | null;
  readonly attribute_name: string;
  readonly attribute_value: string | null;
  readonly last_msg_id: string;
  readonly event_id: string | null;
  readonly message_id: string | null;
  readonly value_type: string | null;
  readonly device_time: string | null;
  readonly exact_value: string | null;
}

export const COLUMNS = `id::text, received_at::timestamp::text AS received_at, flow_code, action, attribute_name,
  attribute_value, last_msg_id::text, event_id, message_id, value_type, device_time::text, exact_value`;

/** $1 to $4. The bounds of the time are there twice: partitions are chosen by them, not by a comparison of rows. */
export const within = (order: RowRange["order"]): string => `received_at BETWEEN $1::timestamp AND $2::timestamp
  AND received_at ${order === "asc" ? ">=" : "<="} $3::timestamp
  AND (received_at, id) ${order === "asc" ? ">" : "<"} ($3::timestamp, $4::bigint)`;
/** $5 */
export const ordered = (order: RowRange["order"], table = "data"): string =>
  `ORDER BY ${table}.received_at ${order}, ${table}.id ${order} LIMIT $5::bigint`;
export const bounds = ({ from, to, after, limit }: RowRange): (string | number)[] => [
  from,
  to,
  after.receivedAt,
  after.id,
  limit,
];

interface Series {
  readonly flow: string;
  readonly attribute: string;
}

/** Series that are merged without trying the walk. */
const FEW_SERIES = 100;
/** Rows that the walk looks at. */
const WALK_ROWS = 5_000;

/** Jumps from value to value along the index `data_series`, whatever the number of rows between. */
const distinct = (column: string, condition: string): string => `WITH RECURSIVE found (name) AS (
    (SELECT ${column}::text FROM data WHERE ${condition} ORDER BY ${column} LIMIT 1)
    UNION ALL
    SELECT (
      SELECT ${column}::text FROM data WHERE ${condition} AND ${column} > found.name ORDER BY ${column} LIMIT 1
    ) FROM found WHERE found.name IS NOT NULL
  )
  SELECT name FROM found WHERE name IS NOT NULL LIMIT $1`;
const FLOWS = distinct("flow_code", "true");
const ATTRIBUTES = distinct("attribute_name", "flow_code = $2");

const listSeries = async (client: PoolClient, filter: DataFilter, limit: number): Promise<readonly Series[]> => {
  const { flow, attribute } = filter;
  if (flow === undefined) {
    const { rows } = await client.query<{ name: string }>(FLOWS, [limit]);
    return rows.map(({ name }) => ({ flow: name, attribute: attribute as string }));
  }
  const { rows } = await client.query<{ name: string }>(ATTRIBUTES, [limit, flow]);
  return rows.map(({ name }) => ({ flow, attribute: name }));
};

/** @returns null when the page is not full by then */
const walk = async (client: PoolClient, filter: DataFilter, range: RowRange): Promise<readonly StoredRow[] | null> => {
  const [column, value] = filter.flow === undefined ? ["attribute_name", filter.attribute] : ["flow_code", filter.flow];
  const { rows } = await client.query<StoredRow>(
    `SELECT ${COLUMNS}
     FROM (
       SELECT * FROM data WHERE ${within(range.order)}
       ORDER BY received_at ${range.order}, id ${range.order} LIMIT ${WALK_ROWS}
     ) AS walked
     WHERE ${column} = $6 ${ordered(range.order, "walked")}`,
    [...bounds(range), value],
  );
  return rows.length < range.limit ? null : rows;
};

/** Of each series the index gives the first keys; only those that make the page are looked up. */
const merge = async (client: PoolClient, series: readonly Series[], range: RowRange): Promise<readonly StoredRow[]> => {
  const { order } = range;
  const { rows } = await client.query<StoredRow>(
    `WITH keys AS MATERIALIZED (
       SELECT found.received_at, found.id
       FROM unnest($6::text[], $7::text[]) AS series (flow, attribute)
       CROSS JOIN LATERAL (
         SELECT received_at, id FROM data
         WHERE flow_code = series.flow AND attribute_name = series.attribute AND ${within(order)} ${ordered(order)}
       ) AS found
       ${ordered(order, "found")}
     )
     SELECT ${COLUMNS}
     FROM (
       SELECT data.* FROM keys JOIN data ON data.received_at = keys.received_at AND data.id = keys.id
     ) AS chosen
     ${ordered(order, "chosen")}`,
    [...bounds(range), series.map(({ flow }) => flow), series.map(({ attribute }) => attribute)],
  );
  return rows;
};

/**
 * Of a filter with a flow and no attribute, or with an attribute and no flow.
 * @param client in a transaction with one snapshot
 */
export const findBySeries = async (
  client: PoolClient,
  filter: DataFilter,
  range: RowRange,
): Promise<readonly StoredRow[]> => {
  const few = await listSeries(client, filter, FEW_SERIES + 1);
  if (few.length <= FEW_SERIES) return merge(client, few, range);
  const walked = await walk(client, filter, range);
  return walked ?? merge(client, await listSeries(client, filter, Number.MAX_SAFE_INTEGER), range);
};
