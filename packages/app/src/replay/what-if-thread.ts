/** The gateway's end of the thread of a what-if. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import { EventStoreUnavailable } from "@sluice/domain";
import type { OnPage, WhatIfEnd, WhatIfRun } from "./what-if.ts";
import type { FromWhatIf, WhatIfThreadData } from "./what-if-worker.ts";

const ENTRY = new URL("./what-if-worker.ts", import.meta.url);
/** Pages of a large window take memory for a moment; more than this is a defect, and ends the thread alone. */
const MEMORY_MB = 512;

/** Runs one. @throws EventStoreUnavailable; Error when the thread fails; the signal's reason */
export type RunWhatIf = (run: WhatIfRun, onPage: OnPage, signal: AbortSignal) => Promise<WhatIfEnd>;

export const whatIfInThread =
  (configuration: Configuration): RunWhatIf =>
  async (run, onPage, signal) => {
    const workerData: WhatIfThreadData = { configuration, run };
    const resourceLimits = { maxOldGenerationSizeMb: MEMORY_MB };
    const worker = new Worker(ENTRY, { workerData, name: "what-if", resourceLimits });
    const { promise, resolve, reject } = Promise.withResolvers<WhatIfEnd>();
    worker.on("message", (message: FromWhatIf) => {
      if (message.kind === "page") void onPage(message.progress);
      else if (message.kind === "end") resolve(message.end);
      else reject(message.unavailable ? new EventStoreUnavailable(message.reason) : new Error(message.reason));
    });
    worker.on("error", reject);
    const exited = once(worker, "exit").catch(() => {});
    void exited.then(() => reject(new Error("the thread of the what-if has ended")));
    const abort = (): void => {
      reject(signal.reason);
      void worker.terminate();
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      await exited;
    }
  };
