/** Entry of a thread that checks runs of tiles, until there are no more. */
import { parentPort, workerData } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import type { SealStore } from "@sluice/domain";
import { checkTiles } from "./check-tiles.ts";
import { openLog } from "./open-log.ts";
import type { Problem } from "./problem.ts";
import { Runs, type SharedRuns } from "./runs.ts";

export interface VerifierData {
  readonly configuration: Configuration;
  readonly runs: SharedRuns;
  /** From 0. */
  readonly thread: number;
}

export type FromVerifier =
  | { readonly kind: "progress"; readonly events: number }
  | { readonly kind: "found"; readonly problem: Problem }
  | { readonly kind: "failed"; readonly error: Error };

const port = parentPort;
if (port === null) throw new Error("verify-worker.ts runs as a worker thread only");
const send = (message: FromVerifier): void => port.postMessage(message);

const { configuration, runs: shared, thread } = workerData as VerifierData;
const runs = new Runs(shared);
try {
  await using log = await openLog(configuration);
  runs.join(thread);
  const seals = log.seals as SealStore;
  const onProgress = (events: number): void => send({ kind: "progress", events });
  for (let run = runs.take(); run !== null; run = runs.take()) {
    const { problem } = await checkTiles(run, { store: log.store, seals, onProgress });
    if (problem === null) continue;
    runs.stop();
    send({ kind: "found", problem });
  }
} catch (error) {
  runs.stop();
  send({ kind: "failed", error: error as Error });
}
