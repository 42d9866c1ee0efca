/**
 * The PostgreSQL event store through its port, against COPY of the same events, by psql, in one transaction into a table
 * without an index: `node test/bench/postgres.ts [events] [rounds]`. Every message is four events: one MessageReceived
 * and three StoredAttribute. Both alternate, and their medians are shown. SLUICE_TEST_POSTGRES_URL names the server.
 */
import { spawn } from "node:child_process";
import { randomUUIDv7 } from "node:crypto";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import type { EventType, NewEvent } from "@sluice/contracts";
import type { EventFilter } from "@sluice/domain";
import { inPostgres, makeSchema, postgresUrl } from "../support/postgres.ts";
import { median, perSecond, ratio } from "./support.ts";

const EVENTS = Number(process.argv[2] ?? 20_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const MESSAGE_EVENTS = 4;
const STREAMS = 10;
const PAGE = 1_000;
const FORWARDED: readonly EventType[] = ["MessageReceived", "EndpointForwarded", "DeliveryRetried"];

const message = (flow: string, messageNumber: number): NewEvent[] => {
  const common = { flow, messageId: randomUUIDv7(), messageNumber };
  const receivedAt = "2026-01-01T00:00:00.000Z";
  const received: NewEvent = {
    id: randomUUIDv7(),
    type: "MessageReceived",
    schemaVersion: 1,
    metadata: {},
    data: {
      ...common,
      flowVersion: 1,
      source: "mqtt",
      broker: "default",
      topic: `sensors/${flow}/device-17/data`,
      captures: { site: flow, device: "device-17" },
      qos: 1,
      retain: false,
      dup: false,
      payload: { encoding: "utf8", data: '{"temperature":21.53,"humidity":40.25,"status":"ok"}' },
      receivedAt,
      owes: [{ action: "store", type: "STORE_DB" }],
    },
  };
  const attributes = Object.entries({ temperature: 21.53, humidity: 40.25, status: "ok" });
  return [
    received,
    ...attributes.map(([attribute, value]): NewEvent => {
      const valueType = typeof value === "string" ? "string" : "number";
      const data = { ...common, action: "store", attribute, valueType, value, receivedAt } as const;
      return { id: randomUUIDv7(), type: "StoredAttribute", schemaVersion: 1, metadata: {}, data };
    }),
  ];
};

/** Messages, one after the other of the next stream. */
const messages = (count: number): { readonly stream: string; readonly events: readonly NewEvent[] }[] =>
  Array.from({ length: count }, (_, index) => {
    const flow = `F${index % STREAMS}`;
    return { stream: `traffic-${flow}-20260101`, events: message(flow, index + 1) };
  });

const opened = async (schema: string): Promise<PostgresEventStore> => {
  const store = new PostgresEventStore({ url: postgresUrl, schema, clock: Date });
  await store.start();
  return store;
};

/** Events a second, over `STREAMS` streams. */
const append = async (schema: string, size: number, inFlight: number): Promise<number> => {
  const store = await opened(schema);
  try {
    const batches = Array.from({ length: Math.ceil(EVENTS / size) }, () =>
      [...Map.groupBy(messages(size / MESSAGE_EVENTS), ({ stream }) => stream)].map(([stream, part]) => ({
        stream,
        expected: "any" as const,
        events: part.flatMap(({ events }) => events),
      })),
    );
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

/** Events of the log a second that a reader passes who reads all of it. */
const read = async (schema: string, filter?: EventFilter): Promise<number> => {
  const store = await opened(schema);
  try {
    const events = Number(await store.head());
    const started = performance.now();
    let after: string | undefined;
    for (let end = false; !end; ) {
      const from = after === undefined ? {} : { after };
      const page = await store.readAll({ limit: PAGE, ...from, ...(filter ? { filter } : {}) });
      end = page.atEnd;
      after = page.position ?? after;
    }
    return (events * 1_000) / (performance.now() - started);
  } finally {
    await store.stop();
  }
};

const copy = async (schema: string): Promise<number> => {
  await inPostgres(schema, "CREATE TABLE bare (position bigint, id text, type text, message_id text, data text)");
  const lines = messages(EVENTS / MESSAGE_EVENTS)
    .flatMap(({ events }) => events)
    .map(({ id, type, data }, position) => {
      const messageId = "messageId" in data ? data.messageId : "\\N";
      return `${position}\t${id}\t${type}\t${messageId}\t${JSON.stringify(data).replaceAll("\\", "\\\\")}\n`;
    })
    .join("");
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
  for (const size of [100, 500, 2_000]) {
    for (const inFlight of [1, 4]) {
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await append(schema, size, inFlight));
        await inPostgres(schema, "DROP TABLE IF EXISTS bare");
        theirs.push(await copy(schema));
      }
      console.log(
        `appends of ${size} events, ${inFlight} in flight: ${perSecond(median(ours))} events = ` +
          `${ratio(median(ours) / median(theirs))} × COPY (${perSecond(median(theirs))})`,
      );
    }
  }
  const [all, forwarded]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    all.push(await read(schema));
    forwarded.push(await read(schema, { types: FORWARDED }));
  }
  console.log(`reading everything: ${perSecond(median(all))} events`);
  console.log(`reading what the forwarder reads: past ${perSecond(median(forwarded))} events`);
} finally {
  await remove();
}
