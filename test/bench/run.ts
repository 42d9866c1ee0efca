/** `node test/bench/run.ts [name …]`: the benchmarks, all or those named, one after the other in processes of their own. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What each shows; its file has its name, and those of `WITH` come after it. */
const benches: Readonly<Record<string, string>> = {
  routing: "what 10,000 flows cost against 10",
  payload: "decoding and validating against JSON.parse",
  "event-store": "the event log against raw SQLite inserts",
  "projection-store": "the projection against raw SQLite inserts",
  mariadb: "the projection in MariaDB against raw bulk inserts",
  "postgres-projection": "the projection in PostgreSQL against raw COPY",
  source: "the MQTT source against a bare subscriber",
  backends: "the whole way into PostgreSQL and MariaDB against COPY and bulk inserts",
  ingest: "durable ingest against a bare subscriber",
  verify: "sluice verify against reading the log",
  sealing: "durable ingest with sealing against ingest without",
  audit: "audit questions to a log of ten million events, then verify and what-if",
  "what-if": "a definition tried on a million messages against reading them",
  startup: "start-up time against the size of the log",
};
/** What is shown after one, at its size. */
const WITH: Readonly<Record<string, readonly string[]>> = { audit: ["verify", "what-if"] };
const SIZES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  audit: { SLUICE_BENCH_EVENTS: "10000000" },
};

const asked = process.argv.slice(2).filter((argument) => argument !== "--");
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0 || asked.includes("--help")) {
  console.log("bench [name …]");
  for (const [name, what] of Object.entries(benches)) console.log(`  ${name.padEnd(20)}${what}`);
  process.exit(unknown.length > 0 && !asked.includes("--help") ? 2 : 0);
}
const all = Object.keys(benches).map((name) => ({ name, size: {} }));
const wanted = asked.flatMap((name) => [name, ...(WITH[name] ?? [])].map((one) => ({ name: one, size: SIZES[name] })));
for (const { name, size } of asked.length > 0 ? wanted : all) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    stdio: "inherit",
    env: { ...size, ...process.env },
  });
  if (status !== 0) process.exit(status ?? 1);
}
