/** Enqueues, leases and completes until it is killed; a line on stdout for every commit. See offline-queue-crash.ts. */
import { writeSync } from "node:fs";
import { offlineQueueAdapters } from "./offline-queue-adapters.ts";
import { LEASED, newcomers } from "./offline-queue-crash.ts";
import { idsOf, lease } from "./offline-queue-support.ts";

const [, , name, location = ""] = process.argv;
const adapter = offlineQueueAdapters.find((candidate) => candidate.name === name);
if (!adapter) throw new Error(`no adapter ${name}`);
const queue = adapter.open(location, Number.POSITIVE_INFINITY);
await queue.start();
await queue.releaseAll();

const consumer = "consumer";
for (let number = Number(await queue.cursor(consumer)); ; number++) {
  const enqueue = newcomers(number);
  await queue.commit({
    cursor: { consumer, from: number === 0 ? null : String(number), to: String(number + 1) },
    enqueue,
    counts: [{ key: "enqueued", delta: enqueue.length }],
  });
  writeSync(1, `${JSON.stringify({ position: number + 1 })}\n`);
  const complete = idsOf(await lease(queue, { limit: LEASED }));
  await queue.commit({ complete, counts: [{ key: "completed", delta: complete.length }] });
  writeSync(1, `${JSON.stringify({ completed: complete })}\n`);
}
