import { QueueUnavailable } from "@sluice/domain";
import { resultCode } from "./connection.ts";

/** Whatever SQLite reports (disk full, locked, read-only, I/O) may pass, and nothing was written. */
export const queueAvailable = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (resultCode(error) === null) throw error;
    throw new QueueUnavailable(`the queue's database: ${(error as Error).message}`, { cause: error });
  }
};
