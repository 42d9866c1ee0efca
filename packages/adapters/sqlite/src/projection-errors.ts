import { ProjectionFull, ProjectionUnavailable } from "@sluice/domain";
import { resultCode } from "./connection.ts";

const SQLITE_FULL = 13;

/** Whatever SQLite reports beyond a refused row (disk full, locked, read-only, I/O) may pass. */
export const available = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    const code = resultCode(error);
    if (code === null) throw error;
    const Unavailable = code === SQLITE_FULL ? ProjectionFull : ProjectionUnavailable;
    throw new Unavailable(`the projection database: ${(error as Error).message}`, { cause: error });
  }
};
