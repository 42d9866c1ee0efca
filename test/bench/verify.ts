/**
 * `sluice verify` on a SQLite log against reading that log through the port, in turn: `node test/bench/verify.ts`.
 * The log is sealed by the sealer itself, alone in this process; its rate is printed, too.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteEventStore, SqliteSealStore } from "@sluice/adapter-sqlite";
import type { NewEvent } from "@sluice/contracts";
import { loadConfiguration } from "../../packages/app/src/config/load.ts";
import { Sealer } from "../../packages/app/src/integrity/sealer.ts";
import { verifyLog } from "../../packages/app/src/integrity/verify/verify-log.ts";
import { systemClock, uuidv7 } from "../../packages/app/src/system/ids.ts";
import { median, perSecond, ratio } from "./support.ts";

const EVENTS = Number(process.env.SLUICE_BENCH_EVENTS ?? 400_000);
const ROUNDS = 3;
const MESSAGES_A_BATCH = 250;
const PAGE = 4_096;

/** Four events, as a message of three attributes makes them. */
const message = (messageNumber: number): NewEvent[] => {
  const common = { flow: "BENCH", messageId: uuidv7.next(), messageNumber };
  const receivedAt = new Date(systemClock.now()).toISOString();
  const received: NewEvent = {
    id: uuidv7.next(),
    type: "MessageReceived",
    schemaVersion: 1,
    metadata: {},
    data: {
      ...common,
      flowVersion: 1,
      source: "mqtt",
      broker: "default",
      topic: `bench/${messageNumber % 50}`,
      captures: { device: `${messageNumber % 50}` },
      qos: 1,
      retain: false,
      dup: false,
      payload: { encoding: "utf8", data: `{"temperature": 21.5, "humidity": 48.2, "battery": ${messageNumber}}` },
      receivedAt,
      owes: [{ action: "store", type: "STORE_DB" }],
    },
  };
  const attributes = Object.entries({ temperature: 21.5, humidity: 48.2, battery: messageNumber });
  return [
    received,
    ...attributes.map(([attribute, value]): NewEvent => {
      const data = { ...common, action: "store", attribute, valueType: "number", value, receivedAt } as const;
      return { id: uuidv7.next(), type: "StoredAttribute", schemaVersion: 1, metadata: {}, data };
    }),
  ];
};

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
};

const directory = mkdtempSync(join(tmpdir(), "sluice-bench-verify-"));
try {
  const path = join(directory, "events.db");
  const store = new SqliteEventStore({ path, clock: systemClock, threads: "inline" });
  const seals = new SqliteSealStore({ path: join(directory, "seals.db"), newOrigin: () => "sluice/bench" });
  await store.start();
  await seals.start();
  for (let number = 0; number < EVENTS / 4; number += MESSAGES_A_BATCH) {
    const events = Array.from({ length: MESSAGES_A_BATCH }, (_, index) => message(number + index)).flat();
    await store.append([{ stream: "traffic-BENCH-20260101", expected: "any", events }]);
  }
  const sealer = new Sealer({ store, seals });
  const sealing = await seconds(async () => {
    const after = await sealer.cursor();
    const { signal } = new AbortController();
    for await (const page of sealer.pages({ signal, ...(after === null ? {} : { after }) })) {
      await sealer.take(page);
      if (page.atEnd) break;
    }
  });
  const scan = async (): Promise<void> => {
    let after: string | null = null;
    let count = 0;
    for (;;) {
      const page: Awaited<ReturnType<typeof store.readAll>> = await store.readAll({
        limit: PAGE,
        ...(after === null ? {} : { after }),
      });
      count += page.events.length;
      after = page.position;
      if (page.atEnd) break;
    }
    if (count !== EVENTS) throw new Error(`read ${count} of ${EVENTS} events`);
  };
  const loaded = loadConfiguration({ env: { DATA_DIR: directory }, flags: {}, readFile: () => "", cwd: directory });
  if (!loaded.ok) throw new Error(loaded.errors.join("; "));
  const { configuration } = loaded;
  const verify = async (): Promise<void> => {
    const { ok, verified } = await verifyLog({ configuration, checkpoints: [], keyOf: () => undefined });
    if (!ok || verified !== EVENTS) throw new Error(`verified ${verified} of ${EVENTS} events: ${ok}`);
  };
  const [scans, verifications]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    scans.push(EVENTS / (await seconds(scan)));
    verifications.push(EVENTS / (await seconds(verify)));
  }
  await seals.stop();
  await store.stop();
  const [raw, verified] = [median(scans), median(verifications)];
  const bytes = statSync(join(directory, "seals.db")).size / EVENTS;
  console.log(`verify: ${EVENTS.toLocaleString("en")} events in SQLite, median of ${ROUNDS} rounds in turn`);
  console.log(`  reading them through the port   ${perSecond(raw)}   one thread`);
  console.log(
    `  sluice verify                   ${perSecond(verified)}   ${availableParallelism()} cores (goal: 300,000/s)`,
  );
  console.log(`  ratio                           ${ratio(verified / raw)}`);
  console.log(`  sealing them                    ${perSecond(EVENTS / sealing)}   one thread`);
  console.log(
    `  seals.db                        ${bytes.toFixed(1)} bytes an event; the log ${(statSync(path).size / EVENTS).toFixed(1)}`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
