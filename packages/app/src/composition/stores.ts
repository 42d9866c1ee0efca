/** From where a store is to the adapter that serves it. */

import { readFileSync } from "node:fs";
import { EventStoreDbEventStore } from "@sluice/adapter-eventstore";
import { MariadbFlowSource, type MariadbProjectionOptions, MariadbProjectionStore } from "@sluice/adapter-mariadb";
import {
  PostgresEventStore,
  PostgresFlowSource,
  type PostgresOptions,
  type PostgresProjectionOptions,
  PostgresProjectionStore,
  PostgresSinkLease,
} from "@sluice/adapter-postgres";
import { SqliteEventStore, SqliteFlowSource, SqliteProjectionStore } from "@sluice/adapter-sqlite";
import type { Clock, EventStore, FlowSource, ProjectionRebuild, ProjectionStore, SinkLease } from "@sluice/domain";
import type { Logger } from "pino";
import { soleSink } from "../sinks/sole-sink.ts";
import type { StoreLocation } from "./locations.ts";

/** `workers` where the calling thread has better things to do than to wait for a file, `inline` in a sink's own thread. */
export type StoreThreads = "workers" | "inline";

const NO_PROJECTION = "EventStoreDB holds the event log only";

interface StoreDependencies {
  readonly clock: Clock;
  readonly threads: StoreThreads;
}

export const eventStoreAt = (location: StoreLocation, { clock, threads }: StoreDependencies): EventStore => {
  switch (location.kind) {
    case "sqlite":
      return new SqliteEventStore({ path: location.path, clock, threads });
    case "postgres":
      return new PostgresEventStore({ ...postgresOptions(location.url), clock });
    case "eventstore":
      return new EventStoreDbEventStore({ url: location.connectionString });
    case "mariadb":
      throw new TypeError("MariaDB holds projections only");
  }
};

export interface ProjectionDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  readonly retentionDays: number | undefined;
}

export const projectionStoreAt = (location: StoreLocation, dependencies: ProjectionDependencies): ProjectionStore => {
  const { clock } = dependencies;
  switch (location.kind) {
    case "sqlite":
      return new SqliteProjectionStore({ path: location.path, clock });
    case "postgres":
      return new PostgresProjectionStore(postgresProjectionOptions(location.url, dependencies));
    case "mariadb":
      return new MariadbProjectionStore({ ...mariadbOptions(location.url), clock });
    case "eventstore":
      throw new TypeError(NO_PROJECTION);
  }
};

class Placeholder {
  async start() {}
  async stop() {}
  async drop() {}
} // TEMPORARY

/** Beside the projection of `projectionStoreAt`. */
export const projectionRebuildAt = (
  location: StoreLocation,
  dependencies: ProjectionDependencies,
): ProjectionRebuild => {
  const { clock } = dependencies;
  switch (location.kind) {
    case "sqlite":
      return new Placeholder();
    case "postgres":
      return new Placeholder();
    case "mariadb":
      return new Placeholder();
    case "eventstore":
      throw new TypeError(NO_PROJECTION);
  }
};

const postgresProjectionOptions = (
  url: URL,
  { clock, log, retentionDays }: ProjectionDependencies,
): PostgresProjectionOptions => ({
  ...postgresOptions(url),
  clock,
  ...(retentionDays === undefined ? {} : { retentionDays }),
  onPartitionError: (error) => log.error({ err: error }, "a partition of the data table could not be changed"),
});

/** Among the gateways on one log. EventStoreDB has no locks: there, one gateway a log. */
export const sinkLeaseAt = (location: StoreLocation): SinkLease =>
  location.kind === "postgres" ? new PostgresSinkLease(postgresOptions(location.url)) : soleSink;

/** Of the projection's database. */
export const flowSourceAt = (location: StoreLocation): FlowSource => {
  switch (location.kind) {
    case "sqlite":
      return new SqliteFlowSource({ path: location.path });
    case "postgres":
      return new PostgresFlowSource(postgresOptions(location.url));
    case "mariadb":
      return new MariadbFlowSource(mariadbOptions(location.url));
    case "eventstore":
      throw new TypeError(NO_PROJECTION);
  }
};

/** `?schema=` is ours, everything else is the driver's: sslmode, sslrootcert, sslcert, sslkey … */
export const postgresOptions = (given: URL): PostgresOptions => {
  const url = new URL(given);
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  return { url: url.href, ...(schema === null ? {} : { schema }) };
};

/** `?tls=true` checks the server's certificate, against the PEM file `ca` if given; `cert` and `key` are ours. */
export const mariadbOptions = (url: URL): MariadbProjectionOptions => {
  const file = (name: string): string | undefined => {
    const path = url.searchParams.get(name);
    return path === null ? undefined : readFileSync(path, "utf8");
  };
  const [ca, cert, key] = [file("ca"), file("cert"), file("key")];
  const tls = url.searchParams.get("tls") === "true" || ca !== undefined || cert !== undefined;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ...(tls
      ? {
          tls:
            ca === undefined && cert === undefined
              ? true
              : {
                  ...(ca === undefined ? {} : { ca }),
                  ...(cert === undefined ? {} : { cert }),
                  ...(key === undefined ? {} : { key }),
                },
        }
      : {}),
  };
};
