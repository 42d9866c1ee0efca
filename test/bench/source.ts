/**
 * `MqttMessageSource` with immediate acknowledgements against an mqtt.js subscriber that does nothing: the same
 * Mosquitto, the same publishers, in turn. Both rates are bounded by Mosquitto and the publishers, so the processor
 * time of each message is told as well.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startLoad } from "../support/load-publisher.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { median, perSecond, ratio } from "./support.ts";

const COUNT = Number(process.env.SLUICE_BENCH_MESSAGES ?? 200_000);
const WARM_UP = 30_000;
const ROUNDS = 3;
const RECEIVE_MAXIMUM = Number(process.env.SLUICE_BENCH_RECEIVE_MAXIMUM ?? 1_000);
/** Of Linux, in /proc/<pid>/stat. */
const TICKS_A_SECOND = 100;

interface Run {
  readonly perSecond: number;
  readonly publishedPerSecond: number;
  readonly microsecondsEach: number;
}

const processorSeconds = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  } catch {
    return Number.NaN;
  }
};

const measure = async (url: string, script: string): Promise<Run> => {
  const args = [url, "bench/#", `${WARM_UP}`, `${COUNT}`, `${RECEIVE_MAXIMUM}`];
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const load = { url, connections: 3, topic: "bench/{n}", topics: 50 };
  await once(lines, "line");
  await Promise.all([once(lines, "line"), startLoad({ ...load, count: WARM_UP }).result]);
  const before = processorSeconds(child.pid as number);
  const started = performance.now();
  const { result } = startLoad({ ...load, count: COUNT });
  await once(lines, "line");
  const seconds = (performance.now() - started) / 1_000;
  const used = processorSeconds(child.pid as number) - before;
  const { acknowledged, seconds: publishing } = await result;
  child.kill();
  await once(child, "exit");
  return {
    perSecond: COUNT / seconds,
    publishedPerSecond: acknowledged / publishing,
    microsecondsEach: (used / COUNT) * 1_000_000,
  };
};

const broker = await startMosquitto();
const bare: Run[] = [];
const sources: Run[] = [];
try {
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await measure(broker.url, "bare-subscriber.ts"));
    sources.push(await measure(broker.url, "source-subscriber.ts"));
  }
} finally {
  await broker.stop();
}
const of = (runs: readonly Run[], value: keyof Run): number => median(runs.map((run) => run[value]));
const line = (name: string, runs: readonly Run[]) =>
  console.log(
    `  ${name.padEnd(34)}${perSecond(of(runs, "perSecond"))}, ${of(runs, "microsecondsEach").toFixed(1)} µs each`,
  );
console.log(`source: ${COUNT.toLocaleString("en")} messages at QoS 1, median of ${ROUNDS} rounds in turn`);
console.log(`  ${"publishers".padEnd(34)}${perSecond(of([...bare, ...sources], "publishedPerSecond"))}`);
line("bare mqtt subscriber", bare);
line("message source", sources);
console.log(`  ratio                             ${ratio(of(sources, "perSecond") / of(bare, "perSecond"))}`);
