/**
 * Start-up time against the size of the log: a gateway over 10 thousand events and one over a million, stopped cleanly
 * and killed. It must not grow with the log.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GatewayProcess } from "../support/gateway-process.ts";
import { startLoad } from "../support/load-publisher.ts";
import { median, ratio } from "./support.ts";

const ROUNDS = 5;
const EVENTS_A_MESSAGE = 4;

const fill = async (dataDir: string, events: number): Promise<void> => {
  const gateway = new GatewayProcess({ dataDir });
  await gateway.start();
  await gateway.define({ code: "FILL", topic: "fill/+", actions: [{ type: "STORE_DB" }] });
  await startLoad({
    url: gateway.brokerUrl,
    count: Math.ceil(events / EVENTS_A_MESSAGE),
    connections: 4,
    topic: "fill/{n}",
    topics: 20,
    payload: '{"temperature":21.5,"humidity":48.2,"battery":{id}}',
  }).result;
  await gateway.caughtUp(120_000);
  await gateway.kill();
};

const timeStart = async (dataDir: string, end: "stop" | "kill"): Promise<number> => {
  const gateway = new GatewayProcess({ dataDir });
  const started = performance.now();
  await gateway.start();
  const ms = performance.now() - started;
  await gateway[end]();
  return ms;
};

export const benchStartup = async (): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), "sluice-startup-"));
  const small = join(root, "small");
  const large = join(root, "large");
  try {
    await fill(small, 10_000);
    await fill(large, 1_000_000);
    console.log("startup: from the process's start until it serves");
    const afterFill = { small: await timeStart(small, "stop"), large: await timeStart(large, "stop") };
    console.log(
      `  after kill -9 under load   10 thousand events ${Math.round(afterFill.small)} ms, 1 million ${Math.round(afterFill.large)} ms`,
    );
    const times = { small: [] as number[], large: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.small.push(await timeStart(small, "stop"));
      times.large.push(await timeStart(large, "stop"));
    }
    const [fast, slow] = [median(times.small), median(times.large)];
    console.log(
      `  after a clean stop         10 thousand events ${Math.round(fast)} ms, 1 million ${Math.round(slow)} ms`,
    );
    console.log(`  ratio                      ${ratio(slow / fast)}   (goal: does not grow)`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

if (import.meta.main) await benchStartup();
