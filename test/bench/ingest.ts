/**
 * Durable ingest against a subscriber that does nothing: the same Mosquitto, the same publishers, in turn.
 *
 * Sluice has one flow of three attributes with a schema and STORE_DB. Its time ends when the last message is committed
 * to the log; after that the projection must catch up within 2 s, or the run says so. Sluice's own rate counts the
 * whole way: publish, broker, decide, fsync.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import mqtt from "mqtt";
import { GatewayProcess } from "../support/gateway-process.ts";
import { startLoad } from "../support/load-publisher.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { median, perSecond, ratio } from "./support.ts";

export const COUNT = Number(process.env.SLUICE_BENCH_MESSAGES ?? 100_000);
/** Published before the clock starts, so that both are compiled when it does. */
const WARM_UP = 30_000;
const ROUNDS = 3;
const RECEIVE_MAXIMUM = 2_048;
const FLOW = "BENCH";
const CLIENT_ID = "sluice-bench";
const LOAD = {
  count: COUNT,
  connections: 4,
  topic: "bench/{n}",
  topics: 50,
  payload: '{"temperature": 21.5, "humidity": 48.2, "battery": {id}}',
};

interface Run {
  readonly perSecond: number;
  readonly publishedPerSecond: number;
}

const publish = async (url: string, finished: Promise<unknown>): Promise<Run> => {
  const started = performance.now();
  const load = startLoad({ ...LOAD, url });
  await finished;
  const seconds = (performance.now() - started) / 1_000;
  const result = await load.result;
  return { perSecond: COUNT / seconds, publishedPerSecond: result.acknowledged / result.seconds };
};

const warmUp = async (url: string, finished: Promise<unknown>): Promise<void> => {
  await startLoad({ ...LOAD, url, count: WARM_UP }).result;
  await finished;
};

const bare = async (url: string): Promise<Run> => {
  const script = join(import.meta.dirname, "bare-subscriber.ts");
  const child = spawn(process.execPath, [script, url, "bench/#", `${WARM_UP}`, `${COUNT}`, `${RECEIVE_MAXIMUM}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  await warmUp(url, once(lines, "line"));
  const run = await publish(url, once(lines, "line"));
  child.kill();
  await once(child, "exit");
  return run;
};

export interface SluiceRun extends Run {
  /** From the last commit until every row is in the projection. */
  readonly catchUpSeconds: number;
  /** The same until every event is sealed; 0 where nothing is. */
  readonly sealedSeconds: number;
  /** Milliseconds that the cores worked for the gateway from the first message until then. */
  readonly processorMs: number;
  readonly memoryMiB: number;
}

/** Linux counts in hundredths of a second. */
const processorMs = (pid: number): number => {
  // The name before it may have spaces.
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const residentMiB = (pid: number): number => {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? Number.NaN) / 1_024;
};

export const sluice = async (url: string, env: Readonly<Record<string, string>> = {}): Promise<SluiceRun> => {
  const gateway = new GatewayProcess({ env: { MQTT_URL: url, MQTT_CLIENT_ID: CLIENT_ID, ...env } });
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
    /** Asks seldom, since each question takes the gateway's time, and oftener as the end comes near. */
    const committed = async (messages: number) => {
      const events = async () => (await gateway.metric("sluice_events_appended_total")).get("") ?? 0;
      const started = performance.now();
      const first = await events();
      for (let now = first; now < messages * 4; now = await events()) {
        const rate = (now - first) / (performance.now() - started);
        const left = rate > 0 ? (messages * 4 - now) / rate : 100;
        await delay(Math.max(5, Math.min(left * 0.9, 250)));
      }
    };
    const projected = async () => {
      while ((await health()).sinks[0].lagEvents !== 0) await delay(10);
    };
    const sealed = async () => {
      const lag = async () => (await health()).sinks.find(({ name }: { name: string }) => name === "sealer")?.lagEvents;
      while ((await lag()) > 0) await delay(10);
    };
    await warmUp(url, committed(WARM_UP).then(projected).then(sealed));
    const workedBefore = processorMs(gateway.pid);
    const run = await publish(url, committed(WARM_UP + COUNT));
    const ended = performance.now();
    await projected();
    const catchUpSeconds = (performance.now() - ended) / 1_000;
    const memoryMiB = residentMiB(gateway.pid);
    await sealed();
    const sealedSeconds = (performance.now() - ended) / 1_000;
    const worked = processorMs(gateway.pid) - workedBefore;
    const [counts] = (await gateway.api(`/api/v1/flows/${FLOW}`)).body.actionCounts;
    if (counts.done !== WARM_UP + COUNT) throw new Error(`${counts.done} of ${WARM_UP + COUNT} messages are stored`);
    return { ...run, catchUpSeconds, sealedSeconds, processorMs: worked, memoryMiB };
  } finally {
    await gateway.dispose();
    await forgetSession(url);
  }
};

/** Otherwise the broker would keep the messages of the next run for it. */
const forgetSession = async (url: string): Promise<void> => {
  const client = await mqtt.connectAsync(url, { clientId: CLIENT_ID, clean: true, protocolVersion: 5 });
  await client.endAsync();
};

export const benchIngest = async (): Promise<void> => {
  const broker = await startMosquitto();
  const subscribers: Run[] = [];
  const gateways: SluiceRun[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      subscribers.push(await bare(broker.url));
      gateways.push(await sluice(broker.url));
    }
  } finally {
    await broker.stop();
  }
  const bareRate = median(subscribers.map((run) => run.perSecond));
  const sluiceRate = median(gateways.map((run) => run.perSecond));
  const published = median([...subscribers, ...gateways].map((run) => run.publishedPerSecond));
  const catchUp = Math.max(...gateways.map((run) => run.catchUpSeconds));
  console.log(`ingest: ${COUNT.toLocaleString("en")} messages at QoS 1, median of ${ROUNDS} rounds in turn`);
  console.log(`  publishers                        ${perSecond(published)}`);
  console.log(`  bare mqtt subscriber              ${perSecond(bareRate)}`);
  console.log(`  Sluice, durable and validated     ${perSecond(sluiceRate)}`);
  console.log(`  ratio                             ${ratio(sluiceRate / bareRate)}   (goal: 1.0 or more)`);
  console.log(`  projection caught up, at worst    ${catchUp.toFixed(2)} s after the last commit   (goal: 2 s)`);
  console.log(`  memory of the gateway at the end  ${Math.round(median(gateways.map((run) => run.memoryMiB)))} MiB`);
};

if (import.meta.main) await benchIngest();
