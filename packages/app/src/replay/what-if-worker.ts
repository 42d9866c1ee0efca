/** Entry of the thread of a what-if. It has the event store for itself and appends nothing. */
import { constants, platform, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import { EventStoreUnavailable } from "@sluice/domain";
import { Container } from "inversify";
import { pino } from "pino";
import { ajvModule } from "../composition/modules/ajv.ts";
import { storesModule } from "../composition/modules/stores.ts";
import { systemModule } from "../composition/modules/system.ts";
import { tokens } from "../composition/tokens.ts";
import { runWhatIf, type WhatIfEnd, type WhatIfRun } from "./what-if.ts";

export interface WhatIfThreadData {
  readonly configuration: Configuration;
  readonly run: WhatIfRun;
}

export type FromWhatIf =
  | { readonly kind: "page"; readonly progress: { readonly position: string; readonly figures: WhatIfEnd["figures"] } }
  | { readonly kind: "end"; readonly end: WhatIfEnd }
  /** unavailable: it may be begun again. */
  | { readonly kind: "failed"; readonly reason: string; readonly unavailable: boolean };

const port = parentPort;
if (port === null) throw new Error("what-if-worker.ts runs as a worker thread only");
const send = (message: FromWhatIf): void => port.postMessage(message);
const { configuration, run } = workerData as WhatIfThreadData;

// On Linux this is the priority of the calling thread alone: where cores are short, ingest goes first.
if (platform() === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const container = new Container({ defaultScope: "Singleton" });
container.bind(tokens.configuration).toConstantValue(configuration);
container.bind(tokens.log).toConstantValue(pino({ level: "silent" }));
await container.load(systemModule, await storesModule(configuration, "workers"), ajvModule);
const store = container.get(tokens.eventStore);
try {
  await store.start();
  const ports = { store, codec: container.get(tokens.codec), validator: container.get(tokens.validator) };
  send({ kind: "end", end: await runWhatIf(ports, run, (progress) => send({ kind: "page", progress })) });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  send({ kind: "failed", reason, unavailable: error instanceof EventStoreUnavailable });
} finally {
  await store.stop();
  port.close();
}
