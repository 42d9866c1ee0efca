/**
 * One endpoint's circuit breaker: it spares an endpoint that cannot be reached, and the queue the attempts.
 *
 * ```
 *             5 failures in a row               cool-down over
 *   closed ─────────────────────► open ─────────────────────► half-open (one attempt at a time)
 *     ▲                            ▲                              │     │
 *     │                            └── failure: twice the pause ──┘     │
 *     └──────────────────────── success ────────────────────────────────┘
 * ```
 * Half-open is `open` with its time run out; it is not stored, so that a probe whose result never arrives blocks nothing.
 * Only a failure to reach the endpoint counts as one: an endpoint that answers, whatever it says, works as an endpoint.
 *
 * The caller asks `breakerPermits` before it begins attempts and tells `evolveBreaker` the result of each.
 */
const FAILURES_TO_OPEN = 5;
const FIRST_COOL_DOWN_MS = 1_000;
const LONGEST_COOL_DOWN_MS = 60_000;

export type BreakerState =
  /** `failures`: in a row, so far. */
  | { readonly kind: "closed"; readonly failures: number }
  /** `until`: ms since the epoch at which it becomes half-open. */
  | { readonly kind: "open"; readonly until: number; readonly coolDownMs: number };

/** The result of an attempt. `failure`: the endpoint could not be reached. `success`: it answered, whatever it said. */
export type BreakerEvent = "success" | "failure";

export interface BreakerPermits {
  /** Attempts that may be in flight now; infinite when closed, 1 when half-open, else 0. */
  readonly count: number;
  /** When there may be any, in ms since the epoch; now or past when there may be some already. */
  readonly at: number;
}

export const breakerClosed: BreakerState = { kind: "closed", failures: 0 };

const open = (coolDownMs: number, now: number): BreakerState => ({ kind: "open", until: now + coolDownMs, coolDownMs });

/** @param now ms since the epoch, at which the attempt ended */
export const evolveBreaker = (state: BreakerState, event: BreakerEvent, now: number): BreakerState => {
  if (event === "success") return breakerClosed;
  if (state.kind === "closed") {
    const failures = state.failures + 1;
    return failures < FAILURES_TO_OPEN ? { kind: "closed", failures } : open(FIRST_COOL_DOWN_MS, now);
  }
  // An attempt that began while it was still closed says nothing new.
  if (now < state.until) return state;
  return open(Math.min(state.coolDownMs * 2, LONGEST_COOL_DOWN_MS), now);
};

/** @param now ms since the epoch */
export const breakerPermits = (state: BreakerState, now: number): BreakerPermits => {
  if (state.kind === "closed") return { count: Number.POSITIVE_INFINITY, at: now };
  return now < state.until ? { count: 0, at: state.until } : { count: 1, at: now };
};
