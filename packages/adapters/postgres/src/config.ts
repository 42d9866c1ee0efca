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

export interface PostgresProjectionOptions extends PostgresOptions {
  /** `public` when absent, where queries written for the older gateway find its tables. */
  readonly schema?: string;
  /** Dates the rows that die, and tells which partitions are needed; the system's when absent. */
  readonly clock?: Clock;
  /** How often a transaction that lost a deadlock is tried before it is given up; 5 when absent. */
  readonly attempts?: number;
  /**
   * The period of a partition of `data`; `month` when absent. May be changed: partitions that are there stay. `day` is for
   * tables that are large after a day and kept for months: of more than 500 partitions no further one is made.
   */
  readonly partitionBy?: "day" | "month";
  /**
   * Days after which rows of `data` are removed: whole partitions at a time once all that they can hold is older, so that
   * a row stays up to a period longer. Off when absent. It is looked after at the start and then with the first batch
   * of an hour. Counts are of messages that were stored, and stay; so do dead letters. A table that was adopted and has no
   * partitions loses its rows one by one.
   */
  readonly retentionDays?: number;
  /**
   * Told when a partition could not be made (its rows are stored in `data_default` then) or removed (that is tried again
   * an hour later).
   */
  readonly onPartitionError?: (error: Error) => void;
}

export const projectionDefaults = { schema: "public", attempts: 5, partitionBy: "month" } as const;
