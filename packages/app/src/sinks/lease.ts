/** Work that only the holder of a lease does. */
import type { SinkLease } from "@sluice/domain";
import type { Logger } from "pino";

/**
 * Does the work whenever this gateway has the lease, until the signal.
 * @param work ends soon after its own signal
 */
export const whileHeld = async (
  lease: SinkLease,
  name: string,
  signal: AbortSignal,
  log: Logger,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  while (!signal.aborted) {
    const hold = await lease.hold(name, signal);
    if (hold === null) return;
    const losing = new AbortController();
    void hold.lost.then(() => losing.abort());
    log.debug({ sink: name }, "this gateway does the sink's work");
    try {
      await work(AbortSignal.any([signal, losing.signal]));
    } finally {
      await hold.release();
    }
    if (!signal.aborted) log.warn({ sink: name }, "the sink's lease was lost");
  }
};
