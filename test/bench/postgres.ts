/**
 * The PostgreSQL event store through its port, against COPY of the same events, by psql, in one transaction into a table
 * without an index: `node test/bench/postgres.ts [events]`. SLUICE_TEST_POSTGRES_URL names the server.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import { stored } from "../conformance/event-store-support.ts";
import { inPostgres, makeSchema, postgresUrl } from "../support/postgres.ts";
import { perSecond, ratio } from "./support.ts";

const EVENTS = Number(process.argv[2] ?? 20_000);
const STREAMS = 10;

const event = () => stored("A", randomUUID());

/** Events a second, over `STREAMS` streams. */
const append = async (schema: string, size: number, inFlight: number): Promise<number> => {
  const store = new PostgresEventStore({ url: postgresUrl, schema, clock: Date });
  await store.start();
  try {
    const batches = Array.from({ length: Math.ceil(EVENTS / size) }, () => {
      const events = Array.from({ length: size }, event);
      return [...Map.groupBy(events, (_, index) => `traffic-F${index % STREAMS}-20260101`)].map(([stream, part]) => ({
        stream,
        expected: "any" as const,
        events: part,
      }));
    });
    const queue = batches.values();
    const started = performance.now();
    const run = async (): Promise<void> => {
      for (const batch of queue) await store.append(batch);
    };
    await Promise.all(Array.from({ length: inFlight }, run));
    return (batches.length * size * 1_000) / (performance.now() - started);
  } finally {
    await store.stop();
  }
};

const copy = async (schema: string): Promise<number> => {
  await inPostgres(schema, "CREATE TABLE bare (position bigint, id text, type text, message_id text, data text)");
  const lines = Array.from({ length: EVENTS }, (_, position) => {
    const { id, type, data } = event();
    const messageId = "messageId" in data ? data.messageId : "\\N";
    return `${position}\t${id}\t${type}\t${messageId}\t${JSON.stringify(data).replaceAll("\\", "\\\\")}\n`;
  }).join("");
  const psql = spawn("psql", [postgresUrl, "-q", "-c", `COPY ${schema}.bare FROM STDIN`], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const started = performance.now();
  psql.stdin.end(lines);
  const [code] = await once(psql, "exit");
  if (code !== 0) throw new Error(`psql ended with ${code}`);
  return (EVENTS * 1_000) / (performance.now() - started);
};

const { location: schema, remove } = await makeSchema();
try {
  await append(schema, 500, 1);
  for (const size of [100, 500]) {
    for (const inFlight of [1, 4]) {
      const measured = await append(schema, size, inFlight);
      await inPostgres(schema, "DROP TABLE IF EXISTS bare");
      const raw = await copy(schema);
      console.log(
        `appends of ${size} events, ${inFlight} in flight: ${perSecond(measured)} events = ` +
          `${ratio(measured / raw)} × COPY (${perSecond(raw)})`,
      );
    }
  }
} finally {
  await remove();
}
