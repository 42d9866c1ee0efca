/**
 * Which of several gateways on one log does the work of a sink: projecting, delivering. The others stand by.
 *
 * Protocol. `hold(name, signal)` resolves when this gateway has the lease, which may be at once or never before the
 * signal; it is then called again only after the hold was lost or released. While one holds it, nobody else does, as far
 * as the server can tell: a holder that is cut off may work on for a moment after another has taken over. So a lease
 * saves double work, and it is cursors, ids of events and idempotency keys that keep it from doing harm.
 */
export interface Hold {
  /** Resolves when the lease is gone, whether released or lost. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

export interface SinkLease {
  /** Null when the signal came first. Trouble with the server is waited out. */
  hold(name: string, signal: AbortSignal): Promise<Hold | null>;
}
