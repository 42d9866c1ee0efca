/**
 * A what-if over real traffic: `node test/bench/what-if.ts [messages]` (1,000,000). In its thread, on a SQLite log whose
 * messages are four events each; beside it, reading the same messages from the log and doing nothing with them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { JsonPayloadCodec } from "@sluice/adapter-ajv";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import { systemClock, uuidv7 } from "@sluice/app";
import { loadConfiguration } from "@sluice/app/config";
import type { FlowDefinition, NewEvent } from "@sluice/contracts";
import { initialFlow, normaliseDefinition, receiveMessage, trafficStream } from "@sluice/domain";
import { whatIfInThread } from "../../packages/app/src/replay/what-if-thread.ts";
import { perSecond, ratio } from "./support.ts";

const MESSAGES = Number(process.argv[2] ?? 1_000_000);
const BATCH = 1_000;

const definitionOf = (maximum: number): FlowDefinition => {
  const payloadSchema = {
    type: "object",
    properties: { temperature: { type: "number", maximum }, humidity: { type: "number" }, ok: { type: "boolean" } },
    required: ["temperature", "humidity"],
  };
  const actions = [{ type: "STORE_DB" as const }, { type: "POST_ENDPOINT" as const, url: "http://127.0.0.1:9/x" }];
  const input = { code: "BENCH", topic: "bench/{device}", payloadSchema, actions };
  const result = normaliseDefinition(input, { timeoutSeconds: 10 });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.definition;
};
const present = definitionOf(1_000);

const dataDir = mkdtempSync(join(tmpdir(), "sluice-bench-"));
process.once("exit", () => rmSync(dataDir, { recursive: true, force: true }));
const store = new SqliteEventStore({ path: join(dataDir, "events.db"), clock: systemClock, threads: "workers" });
await store.start();

const codec = new JsonPayloadCodec();
let number = 0;
for (let start = 0; start < MESSAGES; start += BATCH) {
  const events: NewEvent[] = [];
  for (let index = 0; index < Math.min(BATCH, MESSAGES - start); index++) {
    const data = `{"temperature":${(number % 500) / 10},"humidity":${40 + (number % 20)},"ok":true}`;
    const facts = receiveMessage({ ...initialFlow("BENCH"), lastMessageNumber: number++ }, present, {
      ...{ messageId: uuidv7.next(), source: "mqtt", broker: "default", topic: "bench/a", captures: { device: "a" } },
      ...{
        payload: { encoding: "utf8", data },
        qos: 1,
        retain: false,
        dup: false,
        receivedAt: new Date().toISOString(),
      },
      ...{ decoded: codec.decode(Buffer.from(data)), errors: [] },
    });
    for (const fact of facts) events.push({ id: uuidv7.next(), schemaVersion: 1, metadata: {}, ...fact } as NewEvent);
  }
  await store.append([{ stream: trafficStream("BENCH", "20260101"), expected: "any", events }]);
}
const until = (await store.head()) as string;

const time = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
};

const scan = await time(async () => {
  let after: string | undefined;
  for (;;) {
    const filter = { flow: "BENCH", types: ["MessageReceived"] as const };
    const page = await store.readAll({ filter, limit: 2_000, ...(after === undefined ? {} : { after }) });
    if (page.atEnd || page.position === null) return;
    after = page.position;
  }
});

const loaded = loadConfiguration({ env: { DATA_DIR: dataDir }, cwd: dataDir, readFile: () => "" });
if (!loaded.ok) throw new Error(loaded.errors.join("\n"));
const run = {
  order: {
    kind: "what-if" as const,
    flow: "BENCH",
    sourceFlow: "BENCH",
    messagesPerSecond: 1,
    definition: definitionOf(30),
    until,
  },
  present,
};
let heap = 0;
const before = process.memoryUsage().rss;
const seconds = await time(async () => {
  const { whatIf } = await whatIfInThread(loaded.configuration)(
    run,
    () => {
      heap = Math.max(heap, process.memoryUsage().rss);
    },
    new AbortController().signal,
  );
  const { accepted, rejected } = whatIf.after;
  if (accepted + rejected !== MESSAGES || whatIf.before.accepted !== MESSAGES) throw new Error(JSON.stringify(whatIf));
});
await store.stop();
console.log(
  `what-if over ${MESSAGES.toLocaleString("en")} messages: ${seconds.toFixed(1)} s, ${perSecond(MESSAGES / seconds)}, ` +
    `${ratio(scan / seconds)} of the rate of a scan (${scan.toFixed(1)} s); ` +
    `memory of the process rose by ${Math.round((heap - before) / 1_048_576)} MB`,
);
