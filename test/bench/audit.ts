/**
 * Questions to a large log: the first page of one flow in an hour, of rare events, of one message; a message's whole
 * story; a flow's counters in the past. Beside each the raw speed at which the store scans its log.
 *
 * `SLUICE_BENCH_EVENTS` is the size, 10 million when absent. The log is written through the event store itself, a batch
 * being one second of 20 flows. With `SLUICE_BENCH_POSTGRES=1` also in PostgreSQL (`SLUICE_TEST_POSTGRES_URL`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import { SqliteEventStore, SqliteProjectionStore, SqliteSnapshotStore } from "@sluice/adapter-sqlite";
import { countersAt, FlowRegistry, tellStory, uuidv7 } from "@sluice/app";
import type { NewEvent } from "@sluice/contracts";
import {
  deliveriesStream,
  type EventFilter,
  type EventStore,
  flowStream,
  normaliseDefinition,
  type StreamAppend,
  trafficStream,
} from "@sluice/domain";
import { pino } from "pino";
import { makeSchema, postgresUrl } from "../support/postgres.ts";
import { median, perSecond } from "./support.ts";

const EVENTS = Number(process.env.SLUICE_BENCH_EVENTS ?? 10_000_000);
const FLOWS = 20;
const MESSAGES_A_BATCH = 500;
/** A message, its two attributes and its delivery. */
const EVENTS_A_MESSAGE = 4;
const BATCHES = Math.ceil(EVENTS / (MESSAGES_A_BATCH * EVENTS_A_MESSAGE));
const ROUNDS = 50;
const START = Date.UTC(2026, 0, 1);
/** The log spans 30 days. */
const STEP_MS = Math.floor((30 * 86_400_000) / BATCHES);

let now = START;
const clock = { now: () => now };
const samples: string[] = [];

const event = (type: string, data: object): NewEvent =>
  ({ id: uuidv7.next(), type, schemaVersion: 1, data, metadata: {} }) as unknown as NewEvent;

const code = (index: number): string => `FLOW${index}`;

const definitions = (): StreamAppend[] =>
  Array.from({ length: FLOWS }, (_, index) => {
    const input = { code: code(index), topic: `site/${index}/+`, actions: [{ type: "STORE_DB" as const }] };
    const result = normaliseDefinition(input, { timeoutSeconds: 10 });
    if (!result.ok) throw new Error("the definition is wrong");
    const events = [event("FlowDefined", { definition: result.definition, enabled: true })];
    return { stream: flowStream(code(index)), expected: "none" as const, events };
  });

const numbers = new Array<number>(FLOWS).fill(0);

/** What became of the messages of one moment. Every thousandth is rejected. */
const batchOf = (batch: number): StreamAppend[] => {
  const receivedAt = new Date(now).toISOString();
  const day = receivedAt.slice(0, 10).replaceAll("-", "");
  const traffic = Array.from({ length: FLOWS }, (): NewEvent[] => []);
  const deliveries = Array.from({ length: FLOWS }, (): NewEvent[] => []);
  for (let index = 0; index < MESSAGES_A_BATCH; index++) {
    const flow = index % FLOWS;
    const messageId = uuidv7.next();
    const rejected = (batch * MESSAGES_A_BATCH + index) % 1_000 === 999;
    numbers[flow] = (numbers[flow] as number) + 1;
    const common = { flow: code(flow), messageId, messageNumber: numbers[flow] };
    if (index === 7 && batch % Math.ceil(BATCHES / ROUNDS) === 0) samples.push(messageId);
    (traffic[flow] as NewEvent[]).push(
      event("MessageReceived", {
        ...common,
        flowVersion: 1,
        source: "mqtt",
        broker: "default",
        topic: `site/${flow}/device-${index}`,
        captures: {},
        qos: 1,
        retain: false,
        dup: false,
        payload: { encoding: "utf8", data: '{"temperature":21.5,"humidity":48.2}' },
        receivedAt,
        owes: rejected ? [] : [{ action: "STORE_DB", type: "STORE_DB" }],
      }),
    );
    if (rejected) {
      const errors = [{ pointer: "/temperature", keyword: "type", message: "must be number" }];
      (traffic[flow] as NewEvent[]).push(event("ValidationFailed", { ...common, disposition: "rejected", errors }));
      continue;
    }
    for (const [attribute, value] of [
      ["temperature", 21.5],
      ["humidity", 48.2],
    ] as const) {
      const stored = { ...common, action: "STORE_DB", attribute, valueType: "number", value, receivedAt };
      (traffic[flow] as NewEvent[]).push(event("StoredAttribute", stored));
    }
    const posted = {
      ...common,
      action: "POST_ENDPOINT",
      url: "http://127.0.0.1/",
      status: 204,
      attempts: 1,
      latencyMs: 2,
    };
    (deliveries[flow] as NewEvent[]).push(event("EndpointForwarded", posted));
  }
  return traffic.flatMap((events, flow) => [
    { stream: trafficStream(code(flow), day), expected: "any" as const, events },
    { stream: deliveriesStream(code(flow), day), expected: "any" as const, events: deliveries[flow] as NewEvent[] },
  ]);
};

const fill = async (store: EventStore): Promise<number> => {
  now = START;
  numbers.fill(0);
  samples.length = 0;
  await store.append(definitions());
  const started = performance.now();
  for (let batch = 0; batch < BATCHES; batch++) {
    now = START + batch * STEP_MS;
    await store.append(batchOf(batch));
  }
  return (performance.now() - started) / 1_000;
};

const timesOf = async (work: (round: number) => Promise<unknown>): Promise<number[]> => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await work(round);
    times.push(performance.now() - started);
  }
  return times;
};

const measure = async (name: string, store: EventStore): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-audit-"));
  const projection = new SqliteProjectionStore({ path: join(directory, "projection.db"), clock });
  const registry = new FlowRegistry({
    store,
    snapshots: new SqliteSnapshotStore({ path: join(directory, "snapshots.db") }),
    validator: new AjvPayloadValidator(),
    ids: uuidv7,
    log: pino({ level: "silent" }),
  });
  await store.start();
  await projection.start();
  try {
    const seconds = await fill(store);
    const head = Number(await store.head());
    console.log(`audit in ${name}: ${head.toLocaleString("en")} events, written in ${Math.round(seconds)} s`);

    let scanned = 0;
    const scan = performance.now();
    for (let after: string | undefined; scanned < Math.min(head, 200_000); ) {
      const page = await store.readAll({ limit: 1_000, ...(after === undefined ? {} : { after }) });
      scanned += page.events.length;
      after = page.position ?? after;
    }
    console.log(`  raw scan of the log                ${perSecond((scanned * 1_000) / (performance.now() - scan))}`);

    const span = BATCHES * STEP_MS;
    const at = (round: number): number => START + Math.floor((span * (round * 7 + 3)) / (ROUNDS * 7 + 7));
    const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();
    const flowOf = (round: number): string => code(round % FLOWS);
    const hour = (round: number): EventFilter => ({
      recordedFrom: instant(at(round)),
      recordedTo: instant(at(round) + 3_600_000),
    });
    const page = (filterOf: (round: number) => EventFilter) => async (round: number) => {
      const direction = round % 2 === 0 ? "forwards" : "backwards";
      const { events } = await store.readAll({ limit: 100, filter: filterOf(round), direction });
      if (events.length === 0 && round > 5 && filterOf(round).messageId !== undefined) throw new Error("found nothing");
    };
    const show = async (what: string, work: (round: number) => Promise<unknown>): Promise<void> => {
      const times = await timesOf(work);
      console.log(
        `  ${what.padEnd(34)} median ${median(times).toFixed(2)} ms, slowest of ${ROUNDS} ${Math.max(...times).toFixed(1)} ms`,
      );
    };
    await show(
      "flow and time, first page",
      page((round) => ({ flow: flowOf(round), ...hour(round) })),
    );
    await show(
      "flow, first page",
      page((round) => ({ flow: flowOf(round) })),
    );
    await show(
      "flow and rare type",
      page((round) => ({ flow: flowOf(round), types: ["ValidationFailed"] })),
    );
    await show(
      "type and time",
      page((round) => ({ types: ["EndpointForwarded"], ...hour(round) })),
    );
    await show(
      "type that never was",
      page(() => ({ types: ["DeliveryDeadLettered"] })),
    );
    await show("time, first page", page(hour));
    await show(
      "one message's events",
      page((round) => ({ messageId: samples[round % samples.length] as string })),
    );
    await registry.load();
    const stores = { log: name, rows: { database: "sqlite", table: "data" } };
    await show("one message's story", async (round) => {
      const story = await tellStory(samples[round % samples.length] as string, { store, projection, registry, stores });
      if (story === null) throw new Error("no story");
    });
    await show("a flow's counters in the past", async (round) => {
      const { events } = await store.readAll({ limit: 1, filter: { recordedFrom: instant(at(round)) } });
      await countersAt(flowOf(round), events[0]?.position ?? null, { store, clock: Date });
    });
  } finally {
    await projection.stop();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  }
};

const directory = mkdtempSync(join(tmpdir(), "sluice-audit-log-"));
try {
  await measure("SQLite", new SqliteEventStore({ path: join(directory, "events.db"), clock }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
if (process.env.SLUICE_BENCH_POSTGRES === "1") {
  const { location: schema, remove } = await makeSchema();
  try {
    await measure("PostgreSQL", new PostgresEventStore({ url: postgresUrl, schema, clock }));
  } finally {
    await remove();
  }
} else console.log("audit in PostgreSQL: not asked for (SLUICE_BENCH_POSTGRES=1)");
