/**
 * Looks into the embedded stores of a gateway with SQL of its own, past all of Sluice's reading code, and holds what it
 * finds against the promises.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface FlowAudit {
  readonly received: number;
  readonly rejected: number;
  readonly storedAttributes: number;
  readonly rows: number;
  /** Payload texts of all messages, in the order of their numbers. */
  readonly payloads: string[];
}

type Row = Record<string, number | string | null>;

const withDatabase = <T>(path: string, use: (all: (sql: string, ...values: string[]) => Row[]) => T): T => {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return use((sql, ...values) => database.prepare(sql).all(...values) as Row[]);
  } finally {
    database.close();
  }
};

/** What the log has of one flow. */
export interface LogAudit {
  /** Payload texts of all messages, in the order of their numbers. */
  readonly payloads: string[];
  /** Ids of all StoredAttribute events, sorted. */
  readonly attributes: string[];
  readonly rejected: number;
}

/** For one flow: message numbers run from 1 without a gap or a repeat, and so do the log's positions. */
export const auditLog = (dataDir: string, flow: string): LogAudit => {
  const log = withDatabase(join(dataDir, "events.db"), (all) => {
    const [numbers] = all(
      `SELECT count(*) AS received, count(DISTINCT n) AS different, min(n) AS lowest, max(n) AS highest
       FROM (SELECT json_extract(data, '$.messageNumber') AS n FROM event_log WHERE flow = ? AND type = 'MessageReceived')`,
      flow,
    ) as [Row];
    const [positions] = all("SELECT count(*) AS events, max(position) AS head FROM event_log") as [Row];
    const payloads = all(
      `SELECT json_extract(data, '$.payload.data') AS payload FROM event_log
       WHERE flow = ? AND type = 'MessageReceived' ORDER BY json_extract(data, '$.messageNumber')`,
      flow,
    ).map((row) => row.payload as string);
    const count = (type: string, condition = "1") =>
      all(`SELECT count(*) AS n FROM event_log WHERE flow = ? AND type = ? AND ${condition}`, flow, type)[0]
        ?.n as number;
    const attributes = all(
      `SELECT id FROM event_log WHERE flow = ? AND type = 'StoredAttribute' ORDER BY id`,
      flow,
    ).map((row) => row.id as string);
    return {
      numbers,
      positions,
      payloads,
      rejected: count("ValidationFailed", "json_extract(data, '$.disposition') = 'rejected'"),
      attributes,
    };
  });
  const { received, different, lowest, highest } = log.numbers;
  assert.equal(different, received, `${flow}: a message number was used twice`);
  if (received !== 0) {
    assert.equal(lowest, 1, `${flow}: message numbers begin at 1`);
    assert.equal(highest, received, `${flow}: message numbers have a gap`);
  }
  assert.equal(log.positions.head, log.positions.events, "positions of the log have a gap");
  const { payloads, attributes, rejected } = log;
  return { payloads, attributes, rejected };
};

/**
 * Beyond `auditLog`, there is exactly one `data` row for each StoredAttribute. The gateway must have caught up.
 */
export const auditFlow = (dataDir: string, flow: string): FlowAudit => {
  const log = auditLog(dataDir, flow);
  const rows = withDatabase(join(dataDir, "projection.db"), (all) =>
    all("SELECT event_id FROM data WHERE flow_code = ? ORDER BY event_id", flow).map((row) => row.event_id as string),
  );
  assert.equal(new Set(rows).size, rows.length, `${flow}: a data row is there twice`);
  assert.deepEqual(rows, log.attributes, `${flow}: data rows and StoredAttribute events differ`);
  return {
    received: log.payloads.length,
    rejected: log.rejected,
    storedAttributes: log.attributes.length,
    rows: rows.length,
    payloads: log.payloads,
  };
};
