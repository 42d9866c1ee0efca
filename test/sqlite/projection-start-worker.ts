/** Opens both stores at the moment at which all its like are ready to. See projection-faults.test.ts. */
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import { SqliteOfflineQueue, SqliteProjectionStore } from "@sluice/adapter-sqlite";

const { directory, ready, workers } = workerData as { directory: string; ready: SharedArrayBuffer; workers: number };
const stores = [
  new SqliteProjectionStore({ path: join(directory, "projection.db") }),
  new SqliteOfflineQueue({ path: join(directory, "queue.db"), capacity: 1, durability: "full" }),
];
const count = new Int32Array(ready);
Atomics.add(count, 0, 1);
while (Atomics.load(count, 0) < workers);
for (const store of stores) await store.start();
for (const store of stores) await store.stop();
