/** Where the stores are: the configured URLs, or files in DATA_DIR. */
import { join, resolve } from "node:path";
import type { Configuration } from "@sluice/contracts";

/** A file of this machine, or the URL of a server. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres" | "mariadb"; readonly url: URL }
  /** Not a URL in the strict sense: it may name several hosts. */
  | { readonly kind: "eventstore"; readonly connectionString: string };

const SCHEMES: Readonly<Record<string, "postgres" | "mariadb">> = {
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mariadb:": "mariadb",
  "mysql:": "mariadb",
};

const EVENT_STORE_DB = /^(?:esdb|kurrentdb|kurrent|kdb)(?:\+discover)?:\/\//i;

const storeLocation = (text: string | undefined, dataDir: string, file: string): StoreLocation => {
  if (text === undefined) return { kind: "sqlite", path: join(dataDir, file) };
  if (EVENT_STORE_DB.test(text)) return { kind: "eventstore", connectionString: text };
  const url = new URL(text);
  const kind = SCHEMES[url.protocol];
  return kind === undefined ? { kind: "sqlite", path: resolve(text.replace(/^sqlite:(\/\/)?/, "")) } : { kind, url };
};

export interface Locations {
  readonly dataDir: string;
  readonly events: StoreLocation;
  readonly projection: StoreLocation;
  /** Files of this machine, whatever the two above are. */
  readonly deliveries: string;
  readonly publishes: string;
  readonly spool: string;
  readonly snapshots: string;
  /** Held locked while a gateway uses the directory. */
  readonly lock: string;
  /** What the running gateway says of itself, for the command line. */
  readonly runtime: string;
  readonly adminToken: string;
  readonly session: string;
  /** What is kept of the tree over the log, and the key that signs its checkpoints. */
  readonly seals: string;
  readonly sealKey: string;
}

export const locationsOf = (configuration: Configuration): Locations => {
  const dataDir = resolve(configuration.dataDir);
  return {
    dataDir,
    events: storeLocation(configuration.eventStoreUrl, dataDir, "events.db"),
    projection: storeLocation(configuration.projectionUrl, dataDir, "projection.db"),
    deliveries: join(dataDir, "deliveries.db"),
    publishes: join(dataDir, "publish.db"),
    spool: join(dataDir, "spool.db"),
    snapshots: join(dataDir, "snapshots.db"),
    lock: join(dataDir, "gateway.lock"),
    runtime: join(dataDir, "gateway.json"),
    adminToken: join(dataDir, "admin-token"),
    session: join(dataDir, "mqtt-session.json"),
    seals: join(dataDir, "seals.db"),
    sealKey: join(dataDir, "seal-key.pem"),
  };
};

/** A snapshot of one log is of no use to another. */
export const snapshotNameOf = ({ eventStoreUrl }: Configuration): string => {
  if (eventStoreUrl === undefined) return "flows";
  if (EVENT_STORE_DB.test(eventStoreUrl)) return `flows@${eventStoreUrl.replace(/^.*(@|:\/\/)/, "")}`;
  const { host, pathname, searchParams } = new URL(eventStoreUrl);
  const schema = searchParams.get("schema");
  return `flows@${host}${pathname}${schema === null ? "" : `#${schema}`}`;
};

/** For people: a path, or the server's address without credentials and settings. */
const describeStore = (location: StoreLocation, schema: string | null): string => {
  if (location.kind === "sqlite") return `sqlite:${location.path}`;
  if (location.kind === "eventstore")
    return location.connectionString.replace(/:\/\/(?:.*@)?/s, "://").split(/[/?]*\?/, 1)[0] as string;
  const { protocol, host, pathname, searchParams } = location.url;
  const named = location.kind === "postgres" ? (searchParams.get("schema") ?? schema) : null;
  return `${protocol}//${host}${pathname}${named === null ? "" : ` (schema ${named})`}`;
};

/** Where events and rows are, as a message's story says it. */
export const describeStores = ({ events, projection }: Pick<Locations, "events" | "projection">) => ({
  log: describeStore(events, "sluice"),
  rows: { database: describeStore(projection, "public"), table: "data" },
});
