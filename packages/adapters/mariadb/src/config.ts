import type { Clock } from "@sluice/domain";

/** Where the database is, and how long to wait for it. The database itself must exist; its tables need not. */
export interface MariadbOptions {
  readonly host: string;
  /** 3306 when absent. */
  readonly port?: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** TLS towards the server; `true` checks its certificate against the system's authorities. Off when absent. */
  readonly tls?: true | { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Connections open at once; 4 when absent: one that writes, the others for reads. */
  readonly connectionLimit?: number;
  /** Milliseconds to wait for the server to accept a connection; 5,000 when absent. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds to wait for a connection, a free one or a new one; 10,000 when absent. */
  readonly acquireTimeoutMs?: number;
  /** Milliseconds without a byte from the server, after which a statement is given up; 60,000 when absent. */
  readonly socketTimeoutMs?: number;
  /** Seconds that a statement waits for another transaction's row lock; 10 when absent. */
  readonly lockWaitSeconds?: number;
}

export interface MariadbProjectionOptions extends MariadbOptions {
  /** Dates the rows that die; the system's when absent. */
  readonly clock?: Clock;
  /** How often a transaction that lost a deadlock or a wait for a lock is tried before it is given up; 5 when absent. */
  readonly attempts?: number;
}

export const mariadbDefaults = {
  port: 3306,
  connectionLimit: 4,
  connectTimeoutMs: 5_000,
  acquireTimeoutMs: 10_000,
  socketTimeoutMs: 60_000,
  lockWaitSeconds: 10,
} as const;

export const projectionDefaults = { attempts: 5 } as const;
