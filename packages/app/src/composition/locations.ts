/** Where the embedded stores are: the configured URLs, or files in DATA_DIR. */
import { join, resolve } from "node:path";
import type { Configuration } from "@sluice/contracts";

const sqlitePath = (url: string | undefined, dataDir: string, file: string): string =>
  url === undefined ? join(dataDir, file) : resolve(url.replace(/^sqlite:(\/\/)?/, ""));

export interface Locations {
  readonly dataDir: string;
  readonly events: string;
  readonly projection: string;
  readonly deliveries: string;
  readonly snapshots: string;
  /** Held locked while a gateway uses the directory. */
  readonly lock: string;
  /** What the running gateway says of itself, for the command line. */
  readonly runtime: string;
  readonly adminToken: string;
  readonly session: string;
}

export const locationsOf = (configuration: Configuration): Locations => {
  const dataDir = resolve(configuration.dataDir);
  return {
    dataDir,
    events: sqlitePath(configuration.eventStoreUrl, dataDir, "events.db"),
    projection: sqlitePath(configuration.projectionUrl, dataDir, "projection.db"),
    deliveries: join(dataDir, "deliveries.db"),
    snapshots: join(dataDir, "snapshots.db"),
    lock: join(dataDir, "gateway.lock"),
    runtime: join(dataDir, "gateway.json"),
    adminToken: join(dataDir, "admin-token"),
    session: join(dataDir, "mqtt-session.json"),
  };
};
