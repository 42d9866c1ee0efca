/**
 * A gateway's writer, small: appends one event after the other, each until it is in the log, and says on stdout what
 * happens: `ok <event id>` or `unavailable <reason>`. SIGTERM stops the store first. Arguments: path, threads, busy timeout in ms, and optionally the
 * user id to run as.
 */
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import { EventStoreUnavailable } from "@sluice/domain";
import { skipped, to } from "../conformance/event-store-support.ts";

const [, , path = "", threads = "workers", busyTimeoutMs = "100", uid] = process.argv;
if (uid !== undefined) process.setuid?.(Number(uid));

const store = new SqliteEventStore({
  path,
  clock: Date,
  threads: threads as "workers" | "inline",
  busyTimeoutMs: Number(busyTimeoutMs),
});

/** Tries again for as long as the store is unavailable. */
const untilDone = async (work: () => Promise<unknown>): Promise<void> => {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof EventStoreUnavailable)) throw error;
      writeSync(1, `unavailable ${error.message.replaceAll("\n", " ")}\n`);
      await delay(20);
    }
  }
};

process.once("SIGTERM", async () => {
  await store.stop();
  process.exit(0);
});

await untilDone(() => store.start());
for (;;) {
  const event = skipped("A", ["x".repeat(20_000)]);
  await untilDone(() => store.append([to("flow-A", [event])]));
  writeSync(1, `ok ${event.id}\n`);
  await delay(1);
}
