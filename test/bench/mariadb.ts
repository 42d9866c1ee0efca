/**
 * The MariaDB projection through its port: `node test/bench/mariadb.ts`.
 *
 * The raw rate beside it is one bulk insert a batch into the same table with its indexes, each in a transaction of its
 * own, and nothing around it: no cursor, no counts, no message numbers, no check for what is stored already. The two
 * take turns at going first, each on a database of its own, and the median of the rounds counts. The server is the conformance
 * suite's: see conformance/projection-store-mariadb.ts.
 */
import { performance } from "node:perf_hooks";
import { MariadbProjectionStore } from "@sluice/adapter-mariadb";
import type { DataRow, ProjectionBatch } from "@sluice/domain";
import {
  createMariadbDatabase,
  mariadbOptions,
  mariadbUnavailable,
  withMariadb,
} from "../conformance/projection-store-mariadb.ts";
import { makeBatches } from "./projection-batches.ts";
import { median, perSecond, ratio } from "./support.ts";

const ROWS = 60_000;
const ROUNDS = 4;

const INSERT = `INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id,
    message_id, action, value_type, value_number)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const rawValues = (one: DataRow): string[] => [
  one.receivedAt.slice(0, -1).replace("T", " "),
  one.flow,
  one.attribute,
  one.text,
  String(one.messageNumber),
  one.eventId,
  one.messageId,
  one.action,
  one.valueType,
  String(one.number),
];

/** Runs on a database with the store's tables. @returns rows a second */
const measure = async (
  work: (location: string, store: MariadbProjectionStore) => Promise<() => Promise<void>>,
): Promise<number> => {
  const { location, remove } = await createMariadbDatabase();
  const store = new MariadbProjectionStore(mariadbOptions(location));
  try {
    await store.start();
    const run = await work(location, store);
    const started = performance.now();
    await run();
    return (ROWS / (performance.now() - started)) * 1_000;
  } finally {
    await store.stop();
    await remove();
  }
};

const throughPort = (batches: readonly ProjectionBatch[]): Promise<number> =>
  measure(async (_, store) => async () => {
    for (const one of batches) await store.apply(one);
  });

const raw = (batches: readonly ProjectionBatch[]): Promise<number> =>
  measure(
    async (location) => () =>
      withMariadb(location, async (connection) => {
        for (const { rows } of batches) {
          await connection.beginTransaction();
          await connection.batch(INSERT, rows.map(rawValues));
          await connection.commit();
        }
      }),
  );

const missing = await mariadbUnavailable();
if (missing !== null) {
  console.log(`not measured: ${missing}`);
  process.exit(0);
}
// Once unmeasured, so that neither pays for the warming up of the server and of this process.
await throughPort(makeBatches(ROWS, 1_000));
for (const rowsPerBatch of [1_000, 3_000, 5_000]) {
  const batches = makeBatches(ROWS, rowsPerBatch);
  const rates = { port: [] as number[], raw: [] as number[] };
  const measurePort = async () => rates.port.push(await throughPort(batches));
  const measureRaw = async () => rates.raw.push(await raw(batches));
  for (let round = 0; round < ROUNDS; round++) {
    const turns = round % 2 === 0 ? [measureRaw, measurePort] : [measurePort, measureRaw];
    for (const turn of turns) await turn();
  }
  const [port, bare] = [median(rates.port), median(rates.raw)];
  console.log(
    `${rowsPerBatch} rows a batch: ${perSecond(port)} rows through the port = ${ratio(port / bare)} × ` +
      `a raw bulk insert (${perSecond(bare)})`,
  );
}
