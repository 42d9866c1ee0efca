/**
 * The PostgreSQL projection through its port: `node test/bench/postgres-projection.ts`.
 *
 * The raw rate beside it is COPY of the same rows, by psql, into the same table with its indexes and partitions, a
 * transaction for each batch, and nothing around it: no cursor, no counts, no message numbers, no check of the rows; their
 * text is ready before. The two take turns at going first, each in a schema of its own, and the median of the rounds
 * counts. Then a page of 100 by each filter, over all rows.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { PostgresProjectionStore } from "@sluice/adapter-postgres";
import type { DataFilter, DataRow, ProjectionBatch } from "@sluice/domain";
import { uuid } from "../conformance/projection-store-support.ts";
import { makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { makeBatches } from "./projection-batches.ts";
import { median, perSecond, ratio } from "./support.ts";

const ROWS = 60_000;
const ROUNDS = 4;

const COPY = `COPY data (received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id, message_id,
  action, value_type, value_number) FROM STDIN;`.replaceAll("\n", " ");

const line = (one: DataRow): string =>
  [
    one.receivedAt.slice(0, -1),
    one.flow,
    one.attribute,
    one.text,
    one.messageNumber,
    one.eventId,
    one.messageId,
    one.action,
    one.valueType,
    one.number,
  ].join("\t");

/** Runs in a schema with the store's tables. @returns rows a second */
const measure = async (
  work: (schema: string, store: PostgresProjectionStore) => Promise<() => Promise<void>>,
): Promise<number> => {
  const { location: schema, remove } = await makeSchema();
  const store = new PostgresProjectionStore({ url: postgresUrl, schema });
  try {
    await store.start();
    const run = await work(schema, store);
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
  measure(async (schema, store) => {
    // Makes the partition that the rows are for.
    await store.apply({ ...(batches[0] as ProjectionBatch), consumer: "other" });
    await store.reset("other");
    const script = batches.map(({ rows }) => `BEGIN;\n${COPY}\n${rows.map(line).join("\n")}\n\\.\nCOMMIT;\n`).join("");
    return async () => {
      const psql = spawn("psql", [postgresUrl, "-q", "-v", "ON_ERROR_STOP=1"], {
        env: { ...process.env, PGOPTIONS: `-c search_path=${schema}` },
        stdio: ["pipe", "inherit", "inherit"],
      });
      psql.stdin.end(script);
      const [code] = await once(psql, "exit");
      if (code !== 0) throw new Error(`psql ended with ${code}`);
    };
  });

const filters: Readonly<Record<string, DataFilter>> = {
  everything: {},
  flow: { flow: "FLOW_1" },
  attribute: { attribute: "humidity" },
  series: { flow: "FLOW_1", attribute: "humidity" },
  message: { messageId: uuid(1_000) },
};

const readPages = (batches: readonly ProjectionBatch[]): Promise<number> =>
  measure(async (_, store) => async () => {
    for (const one of batches) await store.apply(one);
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
    console.log(`a page of 100 in ms: ${reads.join(", ")}`);
  });

const missing = await postgresUnavailable();
if (missing !== null) {
  console.log(`not measured: ${missing}`);
  process.exit(0);
}
// Once unmeasured, so that neither pays for the warming up of the server and of this process.
await throughPort(makeBatches(ROWS, 1_000));
for (const rowsPerBatch of [1_000, 3_000]) {
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
      `raw COPY (${perSecond(bare)})`,
  );
}
await readPages(makeBatches(ROWS, 3_000));
