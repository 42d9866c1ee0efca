/** Appends until it is killed; a line on stdout for every append that was acknowledged. See event-store-crash.ts. */
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import type { StreamAppend } from "@sluice/domain";
import { eventStoreAdapters } from "./event-store-adapters.ts";
import { BATCH } from "./event-store-crash.ts";
import { many, skipped, to } from "./event-store-support.ts";

const [, , name, location = ""] = process.argv;
const adapter = eventStoreAdapters.find((candidate) => candidate.name === name);
if (!adapter) throw new Error(`no adapter ${name}`);
const store = adapter.open(location, Date);
await store.start();

const streams = store.capabilities.atomicMultiStream ? ["flow-A", "flow-B"] : ["flow-A"];
const versions = new Map<string, number>();
for (const stream of streams) {
  const [last] = await store.readStream(stream, { limit: 1, direction: "backwards" });
  versions.set(stream, last?.version ?? 0);
}

/** Several are under way at once; each expects the versions that the one before leaves behind. */
const append = async (): Promise<void> => {
  const requestId = randomUUID();
  const batch: StreamAppend[] = streams.map((stream) => {
    const version = versions.get(stream) ?? 0;
    versions.set(stream, version + BATCH);
    return to(
      stream,
      many(BATCH, () => ({ ...skipped("A", ["x".repeat(Math.random() * 2_000)]), metadata: { requestId } })),
      version,
    );
  });
  const { position } = await store.append(batch);
  writeSync(1, `${batch[0]?.events[0]?.id} ${position}\n`);
};

const loop = async (): Promise<void> => {
  for (;;) await append();
};
await Promise.all([loop(), loop(), loop()]);
