/** How often one may ask, in windows of a minute. */
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";

const MINUTE_MS = 60_000;
/** Of tokens or addresses that are remembered; beyond it the one that was not seen for longest is forgotten. */
const REMEMBERED = 10_000;
/** A peak that begins in one window and ends in the next gets through twice as much at the most. */
export interface RateLimits {
  /** Requests of one token, and of one address where no token is needed; 0: any. */
  readonly perMinute: number;
  /** Tokens from one address that are none; 0: any. */
  readonly failuresPerMinute: number;
}

export const FAILURES_PER_MINUTE = 30;

/**
 * @param count false: only looks
 * @returns seconds after which to ask again; null when it may go on
 */
export type Limit = (request: FastifyRequest, count: boolean) => Promise<number | null>;

export interface Limits {
  readonly ofToken: Limit;
  readonly ofAddress: Limit;
  readonly ofFailures: Limit;
}

const unlimited: Limit = async () => null;

export const makeLimits = async (app: FastifyInstance, rates: RateLimits): Promise<Limits> => {
  await app.register(rateLimit, { global: false, cache: REMEMBERED });
  const limit = (max: number, key?: (request: FastifyRequest) => string): Limit => {
    if (max === 0) return unlimited;
    const check = app.createRateLimit({
      max,
      timeWindow: MINUTE_MS,
      ...(key === undefined ? {} : { keyGenerator: key }),
    });
    return async (request, count) => {
      const state = await check(request, { increment: count });
      if (state.isAllowed) return null;
      const isOver = count ? state.isExceeded : state.remaining === 0;
      return isOver ? Math.max(1, state.ttlInSeconds) : null;
    };
  };
  return {
    ofToken: limit(rates.perMinute, ({ principal }) => principal?.actor ?? ""),
    ofAddress: limit(rates.perMinute),
    ofFailures: limit(rates.failuresPerMinute),
  };
};
