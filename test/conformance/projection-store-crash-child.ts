/** Applies batches until it is killed; a line on stdout for every one that was applied. See projection-store-crash.ts. */
import { writeSync } from "node:fs";
import { projectionStoreAdapters } from "./projection-store-adapters.ts";
import { crashBatch } from "./projection-store-crash.ts";
import { CONSUMER } from "./projection-store-support.ts";

const [, , name, location = ""] = process.argv;
const adapter = projectionStoreAdapters.find((candidate) => candidate.name === name);
if (!adapter) throw new Error(`no adapter ${name}`);
const store = adapter.open(location, Date);
await store.start();

for (let number = Number(await store.cursor(CONSUMER)); ; number++) {
  await store.apply(crashBatch(number));
  writeSync(1, `${number + 1}\n`);
}
