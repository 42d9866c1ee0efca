/**
 * From where a store is to the adapter that serves it. Only that adapter's package is read: the libraries of all of them
 * would be a third of what a thread of the gateway takes to start.
 */
import type { StoreLocation } from "../locations.ts";
import type { LogStores, ProjectionStores } from "./store-adapter.ts";

export const logStoresAt = async (location: StoreLocation): Promise<LogStores> => {
  switch (location.kind) {
    case "sqlite":
      return (await import("./sqlite.ts")).logStores(location.path);
    case "postgres":
      return (await import("./postgres.ts")).logStores(location.url);
    case "eventstore":
      return (await import("./eventstore.ts")).logStores(location.connectionString);
    case "mariadb":
      throw new TypeError("MariaDB holds projections only");
  }
};

export const projectionStoresAt = async (location: StoreLocation): Promise<ProjectionStores> => {
  switch (location.kind) {
    case "sqlite":
      return (await import("./sqlite.ts")).projectionStores(location.path);
    case "postgres":
      return (await import("./postgres.ts")).projectionStores(location.url);
    case "mariadb":
      return (await import("./mariadb.ts")).projectionStores(location.url);
    case "eventstore":
      throw new TypeError("EventStoreDB holds the event log only");
  }
};
