/** Entry of a thread that checks runs of tiles, one at a time. */
import { parentPort, workerData } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import type { SealStore } from "@sluice/domain";
import { type CheckedRun, checkTiles, type TileRun } from "./check-tiles.ts";
import { openLog } from "./open-log.ts";

export type FromVerifier =
  | { readonly kind: "progress"; readonly events: number }
  | { readonly kind: "checked"; readonly run: TileRun; readonly result: CheckedRun }
  | { readonly kind: "failed"; readonly error: Error };

const port = parentPort;
if (port === null) throw new Error("verify-worker.ts runs as a worker thread only");
const send = (message: FromVerifier): void => port.postMessage(message);

const log = await openLog(workerData as Configuration);
port.on("message", async (run: TileRun | null) => {
  if (run === null) {
    await log[Symbol.asyncDispose]();
    port.close();
    return;
  }
  try {
    const seals = log.seals as SealStore;
    const onProgress = (events: number): void => send({ kind: "progress", events });
    send({ kind: "checked", run, result: await checkTiles(run, { store: log.store, seals, onProgress }) });
  } catch (error) {
    send({ kind: "failed", error: error as Error });
  }
});
