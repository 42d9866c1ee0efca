/**
 * The SQLite event store through its port: `node test/bench/event-store.ts [messages per append] [appends in flight]`.
 *
 * Every message is four events (one MessageReceived, three StoredAttribute). The raw rate beside it is what SQLite does
 * in this process with prepared inserts into the same tables, one transaction an append, and nothing around it.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import type { NewEvent } from "@sluice/contracts";
import type { StreamAppend } from "@sluice/domain";
import { CELLS, type Cell, encodeAppend } from "../../packages/adapters/sqlite/src/event-codec.ts";

const EVENTS = 160_000;
const messagesPerAppend = Number(process.argv[2] ?? 400);
const inFlight = Number(process.argv[3] ?? 4);
const appendCount = Math.ceil(EVENTS / 4 / messagesPerAppend);

let lastId = 0;
/** Like a UUID of version 7: later ones sort later. */
const nextId = (): string => {
  const count = (++lastId).toString(16).padStart(8, "0");
  return `01900000-0000-7${count.slice(0, 3)}-8${count.slice(3, 6)}-${count.slice(6)}5f3a9c07d1`;
};

const message = (flow: string, messageNumber: number): NewEvent[] => {
  const common = { flow, messageId: nextId(), messageNumber };
  const receivedAt = "2026-01-01T00:00:00.000Z";
  const received: NewEvent = {
    id: nextId(),
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
      return { id: nextId(), type: "StoredAttribute", schemaVersion: 1, metadata: {}, data };
    }),
  ];
};

/** `messagesPerAppend` messages dealt out to the streams in turn, the next append going on where the last one ended. */
const makeAppends = (streams: number): StreamAppend[][] => {
  let number = 0;
  return Array.from({ length: appendCount }, () => {
    const batch = new Map<string, NewEvent[]>();
    for (let index = 0; index < messagesPerAppend; index++) {
      const flow = `FLOW-${number++ % streams}`;
      const stream = `traffic-${flow}-20260101`;
      const events = batch.get(stream) ?? [];
      events.push(...message(flow, number));
      batch.set(stream, events);
    }
    return [...batch].map(([stream, events]) => ({ stream, expected: "any", events }));
  });
};

const inDirectory = async <T>(work: (path: string) => Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    return await work(join(directory, "events.db"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const rate = (events: number, milliseconds: number): number => Math.round((events / milliseconds) * 1000);

const port = (streams: number) =>
  inDirectory(async (path) => {
    const appends = makeAppends(streams);
    const store = new SqliteEventStore({ path, clock: Date });
    await store.start();
    let calling = 0;
    const started = performance.now();
    const before = performance.eventLoopUtilization();
    const queue = appends.values();
    const run = async (): Promise<void> => {
      for (const batch of queue) {
        const at = performance.now();
        const appended = store.append(batch);
        calling += performance.now() - at;
        await appended;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, run));
    const elapsed = performance.now() - started;
    const busy = performance.eventLoopUtilization(before).active;
    const events = appendCount * messagesPerAppend * 4;

    const readStarted = performance.now();
    let read = 0;
    for (let after: string | undefined, end = false; !end; ) {
      const page = await store.readAll({ limit: 1_000, ...(after === undefined ? {} : { after }) });
      read += page.events.length;
      end = page.atEnd;
      after = page.position ?? after;
    }
    const readElapsed = performance.now() - readStarted;
    await store.stop();
    return {
      bytes: Math.round(statSync(path).size / (events / 4)),
      rate: rate(events, elapsed),
      callMicroseconds: (calling * 1000) / events,
      busyMicroseconds: (busy * 1000) / events,
      readRate: rate(read, readElapsed),
    };
  });

const raw = (streams: number) =>
  inDirectory(async (path) => {
    const appends = makeAppends(streams);
    // The store makes the tables, so that they are the same.
    const store = new SqliteEventStore({ path, clock: Date, threads: "inline" });
    await store.start();
    await store.stop();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000");
    const createStream = database.prepare("INSERT INTO streams VALUES (?, ?, 'traffic', ?, 0, 1, 1)");
    for (let id = 1; id <= streams; id++) createStream.run(id, `traffic-FLOW-${id - 1}-20260101`, `FLOW-${id - 1}`);
    const insert = database.prepare("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, 1767225600000, ?)");
    const versions = new Map<string, { id: number; version: number }>();
    let position = 0;
    const rows = appends.map((batch) => {
      const { streams: names, counts, cells } = encodeAppend(batch, 0);
      let cell = 0;
      return names.flatMap((stream, index) => {
        const state = versions.get(stream) ?? { id: versions.size + 1, version: 0 };
        versions.set(stream, state);
        const values: Cell[][] = [];
        for (let rest = counts[index] as number; rest > 0; cell += CELLS) {
          const [id, type, messageId, count, events] = cells.slice(cell, cell + CELLS) as [
            Cell,
            Cell,
            Cell,
            number,
            Cell,
          ];
          values.push([position + 1, id, state.id, state.version + 1, type, count, messageId, events]);
          position += count;
          state.version += count;
          rest -= count;
        }
        return values;
      });
    });
    const started = performance.now();
    for (const transaction of rows) {
      database.exec("BEGIN IMMEDIATE");
      for (const values of transaction) insert.run(...values);
      database.exec("COMMIT");
    }
    const elapsed = performance.now() - started;
    database.close();
    return rate(position, elapsed);
  });

console.log(`${messagesPerAppend} messages of 4 events an append, ${inFlight} appends in flight`);
for (const streams of [1, 40, 400]) {
  const rawRate = await raw(streams);
  const measured = await port(streams);
  console.log(
    `${String(streams).padStart(4)} streams: ${measured.rate} events/s through the port = ` +
      `${(measured.rate / rawRate).toFixed(2)} × raw SQLite (${rawRate}); caller ${measured.callMicroseconds.toFixed(2)} µs ` +
      `an event in append(), ${measured.busyMicroseconds.toFixed(2)} µs in all; reads ${measured.readRate} events/s; ` +
      `${measured.bytes} bytes a message`,
  );
}
