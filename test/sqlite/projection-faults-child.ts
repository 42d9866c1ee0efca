/** Writes to a store until it is killed, each batch until it is taken. See projection-faults.test.ts. */
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SqliteOfflineQueue, SqliteProjectionStore } from "@sluice/adapter-sqlite";
import { ProjectionUnavailable, QueueUnavailable } from "@sluice/domain";
import { batch, doneOf, nextUuid, row } from "../conformance/projection-store-support.ts";

const [, , kind, path = ""] = process.argv;

// A write beyond the limit of a file's size sends this signal, which ends a process that does not listen.
process.on("SIGXFSZ", () => {});

const projection = async () => {
  const store = new SqliteProjectionStore({ path });
  await store.start();
  return (from: string | null, to: string) => {
    const rows = Array.from({ length: 100 }, () => row());
    const once = batch({ from, to, rows, done: doneOf(rows) });
    return () => store.apply(once);
  };
};

const queue = async () => {
  const store = new SqliteOfflineQueue({ path, capacity: Number.POSITIVE_INFINITY, durability: "full" });
  await store.start();
  return (from: string | null, to: string) => {
    const enqueue = Array.from({ length: 10 }, () => ({
      id: nextUuid(),
      group: "g",
      priority: 5,
      payload: new Uint8Array(500),
      enqueuedAt: 0,
    }));
    const counts = [{ key: "enqueued", delta: enqueue.length }];
    return () => store.commit({ cursor: { consumer: "c", from, to }, enqueue, counts });
  };
};

const prepare = kind === "queue" ? await queue() : await projection();
for (let number = 0; ; number++) {
  const write = prepare(number === 0 ? null : String(number), String(number + 1));
  for (let taken = false; !taken; ) {
    try {
      await write();
      taken = true;
      writeSync(1, `ok ${number + 1}\n`);
    } catch (error) {
      if (!(error instanceof ProjectionUnavailable || error instanceof QueueUnavailable)) throw error;
      writeSync(1, `${error.name} ${error.message}\n`);
    }
    await delay(2);
  }
}
