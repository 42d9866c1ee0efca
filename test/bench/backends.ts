/**
 * The whole way into servers: publishers, Mosquitto, the gateway, the event store and the projection, all on this
 * machine. `node test/bench/backends.ts`; SLUICE_BENCH_MESSAGES sets the number of messages.
 *
 * Messages have three attributes, a schema and STORE_DB, at QoS 1, over 50 topics. A round's time ends when the last
 * message is durable in the log, and again when its last row is in the projection. The raw rate beside it is what the
 * same server then takes of the very rows that it holds, in one connection, with the same indexes and nothing else to
 * do: COPY for PostgreSQL, the connector's bulk insert for MariaDB, 3,000 rows a transaction. The servers are new, with
 * their own default settings, which make a commit durable.
 *
 * Then PostgreSQL is stopped, as many messages are published, which go to the spool, and it is started again: the rate at
 * which they get to the log counts from there.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { createMariadbDatabase, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { startLoad } from "../support/load-publisher.ts";
import { makeMariadbServer } from "../support/mariadb-server.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { makePostgresServer, type PostgresServer, query } from "../support/postgres-server.ts";
import { median, perSecond, ratio } from "./support.ts";

const COUNT = Number(process.env.SLUICE_BENCH_MESSAGES ?? 100_000);
const WARM_UP = 20_000;
const ROUNDS = 3;
const ATTRIBUTES = 3;
const ROWS_PER_TRANSACTION = 3_000;
const FLOW = "BENCH";
const LOAD = {
  connections: 4,
  topic: "bench/{n}",
  topics: 50,
  payload: '{"temperature": 21.5, "humidity": 48.2, "battery": {id}}',
};

interface Round {
  /** Messages durable a second. */
  readonly durable: number;
  /** Rows projected a second. */
  readonly rows: number;
  readonly raw: number;
  readonly memoryMiB: number;
  /** Messages a second into the spool, and out of it into the log. */
  readonly spooled?: number;
  readonly drained?: number;
}

const residentMiB = (pid: number): number => {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? Number.NaN) / 1_024;
};

/** @param log stopped and started again at the end, when given */
const publish = async (env: Record<string, string>, log?: PostgresServer): Promise<Omit<Round, "raw">> => {
  const broker = await startMosquitto();
  const gateway = new GatewayProcess({ env: { ...env, MQTT_URL: broker.url } });
  try {
    await gateway.start();
    await gateway.define({
      code: FLOW,
      topic: "bench/+",
      payloadSchema: { temperature: "float", humidity: "float", battery: "int" },
      actions: [{ type: "STORE_DB" }],
    });
    const health = async () => (await gateway.api("/health")).body;
    while ((await health()).brokers[0].subscriptions < 1) await delay(20);
    const events = async () => (await gateway.metric("sluice_events_appended_total")).get("") ?? 0;
    const committed = async (messages: number) => {
      while ((await events()) < messages * (ATTRIBUTES + 1)) await delay(50);
    };
    const projected = async () => {
      while ((await health()).sinks[0].lagEvents !== 0) await delay(50);
    };
    await startLoad({ ...LOAD, count: WARM_UP, url: broker.url }).result;
    await committed(WARM_UP);
    await projected();
    const started = performance.now();
    const load = startLoad({ ...LOAD, count: COUNT, url: broker.url });
    await committed(WARM_UP + COUNT);
    const durable = performance.now();
    await projected();
    const done = performance.now();
    await load.result;
    const [counts] = (await gateway.api(`/api/v1/flows/${FLOW}`)).body.actionCounts;
    if (counts.done !== WARM_UP + COUNT) throw new Error(`${counts.done} of ${WARM_UP + COUNT} messages are stored`);
    const rates = {
      durable: (COUNT * 1_000) / (durable - started),
      rows: (COUNT * ATTRIBUTES * 1_000) / (done - started),
      memoryMiB: residentMiB(gateway.pid),
    };
    if (log === undefined) return rates;

    await log.stop();
    // Until the gateway has noticed: it tries the log for a second before it turns to the spool.
    await startLoad({ ...LOAD, count: 1, url: broker.url }).result;
    while (!(await health()).spool.active) await delay(50);
    const cut = performance.now();
    await startLoad({ ...LOAD, count: COUNT, url: broker.url }).result;
    while ((await health()).statistics.inflight_messages + (await unacknowledged(gateway)) > 0) await delay(20);
    const kept = performance.now();
    await log.start();
    const back = performance.now();
    await committed(WARM_UP + 2 * COUNT + 1);
    const drained = performance.now();
    return {
      ...rates,
      spooled: (COUNT * 1_000) / (kept - cut),
      drained: (COUNT * 1_000) / (drained - back),
    };
  } finally {
    await gateway.dispose();
    await broker.stop();
  }
};

/** Messages that the broker has handed out and that are not on any disk yet. */
const unacknowledged = async (gateway: GatewayProcess): Promise<number> =>
  [...(await gateway.metric("sluice_broker_unacknowledged_messages")).values()].reduce((sum, count) => sum + count, 0);

const COLUMNS = [
  "received_at",
  "flow_code",
  "attribute_name",
  "attribute_value",
  "last_msg_id",
  "event_id",
  "message_id",
  "action",
  "value_type",
  "value_number",
];

const inTransactions = <T>(rows: readonly T[]): readonly T[][] =>
  Array.from({ length: Math.ceil(rows.length / ROWS_PER_TRANSACTION) }, (_, index) =>
    rows.slice(index * ROWS_PER_TRANSACTION, (index + 1) * ROWS_PER_TRANSACTION),
  );

/** Rows a second that COPY takes. */
const rawPostgres = async (url: string): Promise<number> => {
  const list = COLUMNS.join(", ");
  const rows = await query<Record<string, string | null>>(
    url,
    `SELECT ${COLUMNS.map((column) => `${column}::text`).join(", ")} FROM data`,
  );
  await query(url, "CREATE TABLE raw (LIKE data INCLUDING ALL)");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const parts = inTransactions(rows).map((part) =>
    part.map((row) => `${COLUMNS.map((column) => row[column] ?? "\\N").join("\t")}\n`).join(""),
  );
  const started = performance.now();
  for (const part of parts) {
    await pipeline(Readable.from([part]), client.query(copyFrom(`COPY raw (${list}) FROM STDIN`)));
  }
  const seconds = (performance.now() - started) / 1_000;
  await client.end();
  return rows.length / seconds;
};

/** Rows a second that the connector's bulk insert takes. */
const rawMariadb = (location: string): Promise<number> =>
  withMariadb(location, async (connection) => {
    const list = COLUMNS.join(", ");
    const rows = await connection.query<unknown[][]>({
      sql: `SELECT CAST(received_at AS CHAR) AS received_at, ${COLUMNS.slice(1).join(", ")} FROM data`,
      rowsAsArray: true,
    });
    await connection.query("CREATE TABLE raw LIKE data");
    const insert = `INSERT INTO raw (${list}) VALUES (${COLUMNS.map(() => "?").join(", ")})`;
    const started = performance.now();
    for (const part of inTransactions(rows)) {
      await connection.beginTransaction();
      await connection.batch(insert, part);
      await connection.commit();
    }
    return (rows.length * 1_000) / (performance.now() - started);
  });

const postgresRound = async (): Promise<Round> => {
  const server = await makePostgresServer();
  try {
    await server.start();
    const round = await publish({ EVENT_STORE_URL: server.url, PROJECTION_URL: server.url }, server);
    return { ...round, raw: await rawPostgres(server.url) };
  } finally {
    await server.remove();
  }
};

const mariadbRound = async (): Promise<Round> => {
  const server = await makeMariadbServer([]);
  try {
    await server.start();
    const { location } = await createMariadbDatabase(server.url);
    const round = await publish({ PROJECTION_URL: location });
    return { ...round, raw: await rawMariadb(location) };
  } finally {
    await server.remove();
  }
};

const MIXED = "PostgreSQL log, MariaDB projection";
const mixedRound = async (): Promise<Round> => {
  const log = await makePostgresServer();
  const rows = await makeMariadbServer([]);
  try {
    await Promise.all([log.start(), rows.start()]);
    const { location } = await createMariadbDatabase(rows.url);
    const round = await publish({ EVENT_STORE_URL: log.url, PROJECTION_URL: location });
    return { ...round, raw: await rawMariadb(location) };
  } finally {
    await Promise.all([log.remove(), rows.remove()]);
  }
};

const backEnds: Readonly<Record<string, () => Promise<Round>>> = {
  "PostgreSQL log and projection": postgresRound,
  "SQLite log, MariaDB projection": mariadbRound,
  [MIXED]: mixedRound,
};

const results = new Map<string, Round[]>(Object.keys(backEnds).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(backEnds)) results.get(name)?.push(await run());
}
console.log(
  `back ends: ${COUNT.toLocaleString("en")} messages of ${ATTRIBUTES} attributes, median of ${ROUNDS} rounds`,
);
for (const [name, rounds] of results) {
  const of = (key: keyof Round) => median(rounds.map((round) => round[key] ?? Number.NaN));
  console.log(
    `  ${name.padEnd(36)}${perSecond(of("durable")).padStart(9)} messages durable, ` +
      `${perSecond(of("rows")).padStart(9)} rows end to end = ${ratio(of("rows") / of("raw"))} × raw ` +
      `(${perSecond(of("raw"))}); ${Math.round(of("memoryMiB"))} MiB`,
  );
  if (rounds[0]?.drained !== undefined) {
    console.log(
      `    log away: ${perSecond(of("spooled"))} messages into the spool; out of it ${perSecond(of("drained"))} = ` +
        `${ratio(of("drained") / of("durable"))} × the log's own rate`,
    );
  }
}
console.log("  goal: 10,000 messages and 30,000 rows a second on 4 cores");
