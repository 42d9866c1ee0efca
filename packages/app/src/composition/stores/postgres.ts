import {
  PostgresEventStore,
  PostgresFlowSource,
  type PostgresOptions,
  type PostgresProjectionOptions,
  PostgresProjectionRebuild,
  PostgresProjectionStore,
  PostgresSinkLease,
} from "@sluice/adapter-postgres";
import type { LogStores, ProjectionDependencies, ProjectionStores } from "./store-adapter.ts";

export const logStores = (url: URL): LogStores => ({
  eventStore: ({ clock }) => new PostgresEventStore({ ...postgresOptions(url), clock }),
  sinkLease: () => new PostgresSinkLease(postgresOptions(url)),
});

export const projectionStores = (url: URL): ProjectionStores => ({
  projectionStore: (dependencies) => new PostgresProjectionStore(projectionOptions(url, dependencies)),
  projectionRebuild: (dependencies) => new PostgresProjectionRebuild(projectionOptions(url, dependencies)),
  flowSource: () => new PostgresFlowSource(postgresOptions(url)),
});

/** `?schema=` is ours, everything else is the driver's: sslmode, sslrootcert, sslcert, sslkey … */
export const postgresOptions = (given: URL): PostgresOptions => {
  const url = new URL(given);
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  return { url: url.href, ...(schema === null ? {} : { schema }) };
};

const projectionOptions = (
  url: URL,
  { clock, log, retentionDays }: ProjectionDependencies,
): PostgresProjectionOptions => ({
  ...postgresOptions(url),
  clock,
  ...(retentionDays === undefined ? {} : { retentionDays }),
  onPartitionError: (error) => log.error({ err: error }, "a partition of the data table could not be changed"),
});
