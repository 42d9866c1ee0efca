/** Starting what the gateway can do without for a while. */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

const RETRY_MS = 1_000;

export interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Tries once, and goes on trying in the background when `mayPass` says that the error may pass.
 * @returns stops it, or the trying
 * @throws any other error
 */
export const startLater = async (
  service: Startable,
  what: string,
  mayPass: (error: unknown) => boolean,
  log: Logger,
): Promise<() => Promise<void>> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const attempt = async (): Promise<boolean> => {
    try {
      await service.start();
      return true;
    } catch (error) {
      if (!mayPass(error)) throw error;
      log.warn({ err: error }, `${what} cannot be reached; trying again`);
      return false;
    }
  };
  const keepTrying = async (): Promise<void> => {
    while (!signal.aborted) {
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await service.start();
        log.info(`${what} is there now`);
        return;
      } catch (error) {
        log.debug({ err: error }, `${what} cannot be reached yet`);
      }
    }
  };
  const trying = (await attempt()) ? Promise.resolve() : keepTrying();
  return async () => {
    stopping.abort();
    await trying;
    await service.stop();
  };
};
