/**
 * The SQLite projection through its port: `node test/bench/projection-store.ts [rows per batch]`.
 *
 * Messages have three attributes, dealt out to the flows in turn. The raw rate beside it is what SQLite does in this
 * process with a prepared insert of one row into the same table with its four indexes, one transaction a batch, and
 * nothing around it: no cursor, no counts, no message numbers, no check.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { SqliteProjectionStore } from "@sluice/adapter-sqlite";
import type { DataFilter, DataRow, ProjectionBatch } from "@sluice/domain";
import { median, perSecond, ratio } from "./support.ts";

const ROWS = 300_000;
const ATTRIBUTES = ["temperature", "humidity", "battery"];
const rowsPerBatch = Number(process.argv[2] ?? 3_000);

/** Like a UUID of version 7: later ones sort later. */
const id = (number: number): string =>
  `0198${number
    .toString(16)
    .padStart(8, "0")
    .replace(/^(.{4})/, "$1-")}-7a3c-8${"5f3a9c07d1b42e6"}`;

const makeBatches = (flows: number): ProjectionBatch[] =>
  Array.from({ length: ROWS / rowsPerBatch }, (_, number) => {
    const rows = Array.from({ length: rowsPerBatch }, (_, index): DataRow => {
      const row = number * rowsPerBatch + index;
      const message = Math.floor(row / ATTRIBUTES.length);
      return {
        eventId: id(row),
        flow: `FLOW_${(message * 7_919) % flows}`,
        action: "store",
        messageId: id(message),
        messageNumber: message + 1,
        attribute: ATTRIBUTES[row % ATTRIBUTES.length] as string,
        valueType: "number",
        text: String((row % 1_000) / 10),
        number: (row % 1_000) / 10,
        receivedAt: new Date(Date.UTC(2026, 0, 1) + message / 20).toISOString(),
        deviceTime: null,
      };
    });
    return {
      consumer: "projection",
      from: number === 0 ? null : String(number),
      to: String(number + 1),
      rows,
      flows: [],
      lastMessageNumbers: new Map(rows.map((row) => [row.flow, row.messageNumber])),
      done: [{ flow: "FLOW_0", action: "store", messages: rowsPerBatch / ATTRIBUTES.length }],
      deadLetters: [],
      rowCommands: [],
    };
  });

const inDirectory = async <T>(work: (path: string) => Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    return await work(join(directory, "projection.db"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const rate = (milliseconds: number): number => (ROWS / milliseconds) * 1_000;

const raw = (batches: readonly ProjectionBatch[]): Promise<number> =>
  inDirectory(async (path) => {
    // The store makes the tables, so that they are the same.
    const store = new SqliteProjectionStore({ path });
    await store.start();
    await store.stop();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -65536");
    const insert = database.prepare(`INSERT INTO data (received_at, flow_code, attribute_name, attribute_value,
        last_msg_id, event_id, message_id, action, value_type, value_number, device_time)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)`);
    const started = performance.now();
    for (const { rows } of batches) {
      database.exec("BEGIN IMMEDIATE");
      for (const row of rows) {
        insert.run(
          row.receivedAt,
          row.flow,
          row.attribute,
          row.text,
          row.messageNumber,
          row.eventId,
          row.messageId,
          row.action,
          row.valueType,
          row.number,
        );
      }
      database.exec("COMMIT");
    }
    const elapsed = performance.now() - started;
    database.close();
    return rate(elapsed);
  });

const filters: Readonly<Record<string, DataFilter>> = {
  everything: {},
  flow: { flow: "FLOW_1" },
  attribute: { attribute: "humidity" },
  series: { flow: "FLOW_1", attribute: "humidity" },
  message: { messageId: id(1_000) },
};

const port = (batches: readonly ProjectionBatch[]) =>
  inDirectory(async (path) => {
    const store = new SqliteProjectionStore({ path });
    await store.start();
    const started = performance.now();
    for (const batch of batches) await store.apply(batch);
    const elapsed = performance.now() - started;
    const reads: string[] = [];
    for (const [name, filter] of Object.entries(filters)) {
      const times: number[] = [];
      for (let again = 0; again < 9; again++) {
        const at = performance.now();
        await store.data(filter, { limit: 100, order: "desc" });
        times.push(performance.now() - at);
      }
      reads.push(`${name} ${median(times).toFixed(2)}`);
    }
    await store.stop();
    return { rate: rate(elapsed), reads };
  });

console.log(`${rowsPerBatch} rows a batch; a page of 100 in ms`);
for (const flows of [1, 20, 1_000]) {
  const batches = makeBatches(flows);
  const rawRate = await raw(batches);
  const measured = await port(batches);
  console.log(
    `${String(flows).padStart(5)} flows: ${perSecond(measured.rate)} rows through the port = ` +
      `${ratio(measured.rate / rawRate)} × raw SQLite (${perSecond(rawRate)}); ${measured.reads.join(", ")}`,
  );
}
