/** Checks tiles in several threads at once. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import type { SealStore } from "@sluice/domain";
import { type CheckDependencies, checkTiles, type TileRun } from "./check-tiles.ts";
import type { OpenLog } from "./open-log.ts";
import { firstOf, type Problem } from "./problem.ts";
import type { FromVerifier } from "./verify-worker.ts";

/** Tiles that a thread is given at a time. */
const RUN = 32;
const MOST_THREADS = 8;
const ENTRY = new URL("./verify-worker.ts", import.meta.url);

export interface RunsToCheck extends TileRun {
  readonly configuration: Configuration;
  readonly log: OpenLog;
  readonly onProgress: CheckDependencies["onProgress"];
}

/** The first problem; null when there is none. @throws EventStoreUnavailable and the like */
export const checkRuns = async ({ first, end, size, configuration, log, onProgress }: RunsToCheck) => {
  const runs: TileRun[] = [];
  for (let start = first; start < end; start += RUN) runs.push({ first: start, end: Math.min(start + RUN, end), size });
  const threads = Math.min(runs.length, availableParallelism(), MOST_THREADS);
  if (threads > 1) return inThreads(runs, threads, configuration, onProgress);
  let problem: Problem | null = null;
  for (const run of runs) {
    const seals = log.seals as SealStore;
    problem ??= (await checkTiles(run, { store: log.store, seals, onProgress })).problem;
  }
  return problem;
};

const inThreads = async (
  runs: readonly TileRun[],
  threads: number,
  configuration: Configuration,
  onProgress: CheckDependencies["onProgress"],
): Promise<Problem | null> => {
  const waiting = runs.toReversed();
  let problem: Problem | null = null;
  // Given out in order: what is still running when a problem is found may find an earlier one, what is not given out cannot.
  const next = (): TileRun | null => (problem === null ? (waiting.pop() ?? null) : null);
  const work = (worker: Worker): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.on("error", reject);
    worker.on("exit", () => resolve());
    worker.on("message", (message: FromVerifier) => {
      if (message.kind === "progress") onProgress(message.events);
      else if (message.kind === "failed") reject(message.error);
      else {
        problem = firstOf(problem, message.result.problem);
        worker.postMessage(next());
      }
    });
    worker.postMessage(next());
    return promise;
  };
  const workers = Array.from({ length: threads }, () => new Worker(ENTRY, { workerData: configuration }));
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return problem;
};
