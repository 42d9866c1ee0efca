/** Checks tiles in several threads at once. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import { type SealStore, TILE_LEAVES } from "@sluice/domain";
import { type CheckDependencies, checkTiles, type TileRun } from "./check-tiles.ts";
import type { OpenLog } from "./open-log.ts";
import { firstOf, type Problem } from "./problem.ts";
import { Runs } from "./runs.ts";
import type { FromVerifier, VerifierData } from "./verify-worker.ts";

const MOST_THREADS = 8;
/** For which it is worth starting another thread, which takes as long as checking some. */
const RUNS_A_THREAD = 4;
const ENTRY = new URL("./verify-worker.ts", import.meta.url);

export interface RunsToCheck extends TileRun {
  readonly configuration: Configuration;
  readonly log: OpenLog;
  readonly onProgress: CheckDependencies["onProgress"];
  /** Cores by default. */
  readonly threads?: number;
}

/** The first problem; null when there is none. @throws EventStoreUnavailable and the like */
export const checkRuns = async ({ configuration, log, onProgress, threads, ...tiles }: RunsToCheck) => {
  let problem: Problem | null = null;
  const found = (other: Problem): void => {
    problem = firstOf(problem, other);
  };
  let left = Math.min(tiles.end * TILE_LEAVES, tiles.size) - tiles.first * TILE_LEAVES;
  const checked = (events: number): void => {
    left -= events;
    onProgress(events);
  };
  const worth = Math.min(availableParallelism(), MOST_THREADS, Math.ceil(Runs.countOf(tiles) / RUNS_A_THREAD));
  const others = (threads ?? worth) - 1;
  const shared = Runs.share(tiles, others);
  const runs = new Runs(shared);
  const workers = Array.from({ length: others }, (_, thread) => {
    const workerData: VerifierData = { configuration, runs: shared, thread };
    return new Worker(ENTRY, { workerData });
  });
  const here = async (): Promise<void> => {
    // It has begun before the others are up.
    await checkHere(runs, { store: log.store, seals: log.seals as SealStore, onProgress: checked }, found);
    for (const [thread, worker] of workers.entries()) if (!runs.hasJoined(thread)) void worker.terminate();
  };
  try {
    await Promise.all([here(), ...workers.map((worker) => ended(worker, checked, found))]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  if (problem === null && left !== 0) throw new Error(`${left} events were not checked: a thread was lost`);
  return problem;
};

const checkHere = async (runs: Runs, deps: CheckDependencies, found: (problem: Problem) => void): Promise<void> => {
  for (let run = runs.take(); run !== null; run = runs.take()) {
    const { problem } = await checkTiles(run, deps);
    if (problem !== null) {
      runs.stop();
      found(problem);
    }
    // What the others say is heard in between, however fast the store answers.
    await setImmediate();
  }
};

const ended = (
  worker: Worker,
  onProgress: CheckDependencies["onProgress"],
  found: (problem: Problem) => void,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.on("error", reject);
  worker.on("exit", () => resolve());
  worker.on("message", (message: FromVerifier) => {
    if (message.kind === "progress") onProgress(message.events);
    else if (message.kind === "failed") reject(message.error);
    else found(message.problem);
  });
  return promise;
};
