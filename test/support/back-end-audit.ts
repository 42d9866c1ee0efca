/**
 * Looks into the back ends with SQL of its own, past all of Sluice's reading code, and holds what it finds against the
 * promises.
 */
import assert from "node:assert/strict";
import { withMariadb } from "../conformance/projection-store-mariadb.ts";
import { query } from "./postgres-server.ts";

export interface StoredRows {
  /** Of every row of `data`, sorted. */
  readonly eventIds: readonly string[];
  /** `last_msg_id` of the flow's row. */
  readonly lastMessageNumber: number;
}

export interface RecordedFlow {
  /** Payload texts, in the order of their numbers. */
  readonly payloads: readonly string[];
  /** Of every StoredAttribute, sorted. */
  readonly attributes: readonly string[];
}

/** Message numbers run from 1 without a gap or a repeat, and so do the log's positions. */
export const auditPostgresLog = async (url: string, flow: string): Promise<RecordedFlow> => {
  const log = "sluice.event_log";
  const messages = await query<{ n: string; payload: string }>(
    url,
    `SELECT (data ->> 'messageNumber')::bigint AS n, data -> 'payload' ->> 'data' AS payload FROM ${log}
     WHERE flow = '${flow}' AND type = 'MessageReceived' ORDER BY 1`,
  );
  messages.forEach(({ n }, index) => {
    assert.equal(Number(n), index + 1, `${flow}: message numbers have a gap or a repeat at ${n}`);
  });
  const [positions] = await query<{ events: string; head: string }>(
    url,
    `SELECT count(*) AS events, max(position) AS head FROM ${log}`,
  );
  assert.equal(positions?.head, positions?.events, "positions of the log have a gap");
  const attributes = await query<{ id: string }>(
    url,
    `SELECT id FROM ${log} WHERE flow = '${flow}' AND type = 'StoredAttribute'`,
  );
  return { payloads: messages.map(({ payload }) => payload), attributes: attributes.map(({ id }) => id).sort() };
};

export const postgresRows = async (url: string, flow: string): Promise<StoredRows> => {
  const rows = await query<{ event_id: string }>(url, `SELECT event_id FROM data WHERE flow_code = '${flow}'`);
  const [row] = await query<{ last: string }>(url, `SELECT last_msg_id AS last FROM flows WHERE code = '${flow}'`);
  return { eventIds: rows.map(({ event_id }) => event_id).sort(), lastMessageNumber: Number(row?.last) };
};

export const mariadbRows = (url: string, flow: string): Promise<StoredRows> =>
  withMariadb(url, async (connection) => {
    const rows = await connection.query<{ event_id: string }[]>("SELECT event_id FROM data WHERE flow_code = ?", [
      flow,
    ]);
    const [row] = await connection.query<{ last: number }[]>("SELECT last_msg_id AS last FROM flows WHERE code = ?", [
      flow,
    ]);
    return { eventIds: rows.map(({ event_id }) => event_id).sort(), lastMessageNumber: Number(row?.last) };
  });

/** Every id that the publisher has a PUBACK for is in the log. */
export const assertNothingLost = (payloads: readonly string[], acknowledged: Iterable<number>): void => {
  const recorded = new Set(payloads.map((payload) => JSON.parse(payload).id as number));
  const missing = [...acknowledged].filter((id) => !recorded.has(id));
  assert.deepEqual(missing.slice(0, 10), [], `${missing.length} acknowledged messages are missing`);
};

/** Exactly one row of `data` for each StoredAttribute of the log. */
export const assertProjected = (rows: StoredRows, log: RecordedFlow): void => {
  assert.equal(new Set(rows.eventIds).size, rows.eventIds.length, "a row is there twice");
  assert.deepEqual(rows.eventIds, log.attributes, "rows and StoredAttribute events differ");
  assert.equal(rows.lastMessageNumber, log.payloads.length, "last_msg_id is kept up");
};
