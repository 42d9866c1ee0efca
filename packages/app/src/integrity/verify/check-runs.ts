/** Checks tiles in several threads at once. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import type { SealStore } from "@sluice/domain";
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
  const runs = new Runs(tiles);
  let problem: Problem | null = null;
  const found = (other: Problem): void => {
    problem = firstOf(problem, other);
  };
  const most = threads ?? Math.min(availableParallelism(), MOST_THREADS, Math.ceil(runs.count / RUNS_A_THREAD));
  const workerData: VerifierData = { configuration, runs: runs.shared };
  const workers = Array.from({ length: most - 1 }, () => new Worker(ENTRY, { workerData }));
  try {
    // This thread checks as well: it has begun before the others are up.
    await Promise.all([
      checkHere(runs, { store: log.store, seals: log.seals as SealStore, onProgress }, found),
      ...workers.map((worker) => ended(worker, onProgress, found)),
    ]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
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
