import type { ConnectionOptions } from "node:tls";
import type { Clock } from "@sluice/domain";

/** What every PostgreSQL store of this package connects with. A store's own options extend this type. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Schema of the tables, made when missing; lower-case letters, digits and `_`, at most 40. `sluice` when absent. */
  readonly schema?: string;
  /** Connect with TLS, with these trusted certificates, client certificate and so on; absent: as the URL says. */
  readonly tls?: Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;
  /** Connections for reading, at the most; 4 when absent. Beside them a store holds one or two for writing and waking. */
  readonly readers?: number;
  /** Milliseconds after which the server ends a statement; 30,000 when absent. The client gives up 5 s later. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds to wait for a connection, to the server or from the pool; 5,000 when absent. */
  readonly connectTimeoutMs?: number;
}

export const postgresDefaults = {
  schema: "sluice",
  readers: 4,
  statementTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
} as const;

export interface PostgresEventStoreOptions extends PostgresOptions {
  /** Gives `recordedAt`, as far as it does not go back. */
  readonly clock: Clock;
  /**
   * Milliseconds after which a subscriber looks for events of which no notification came; 250 when absent. The server
   * loses notifications when it fails over, and a writer that dies sends none.
   */
  readonly pollIntervalMs?: number;
}

export const eventStoreDefaults = { pollIntervalMs: 250 } as const;
