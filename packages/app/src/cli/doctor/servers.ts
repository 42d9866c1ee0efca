/** Checks of stores on servers: whether they let us in, and how they are set. Nothing is changed there. */
import { EventStoreDbEventStore } from "@sluice/adapter-eventstore";
import { inspectMariadb } from "@sluice/adapter-mariadb";
import { inspectPostgres } from "@sluice/adapter-postgres";
import type { StoreLocation } from "../../composition/locations.ts";
import { mariadbOptions } from "../../composition/stores/mariadb.ts";
import { postgresOptions } from "../../composition/stores/postgres.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const MIB = 1024 ** 2;

export type ServerLocation = Exclude<StoreLocation, { readonly kind: "sqlite" }>;

export const checkServer = async (name: string, location: ServerLocation): Promise<readonly Finding[]> => {
  try {
    switch (location.kind) {
      case "postgres":
        return await checkPostgres(name, location.url);
      case "mariadb":
        return await checkMariadb(name, location.url);
      case "eventstore":
        return await checkEventStoreDb(name, location.connectionString);
    }
  } catch (error) {
    const hint = "start the server, or correct address, user, password and certificates";
    return [fail(name, `${location.kind} cannot be used: ${(error as Error).message || error}`, hint)];
  }
};

const checkPostgres = async (name: string, url: URL): Promise<Finding[]> => {
  const { version, encoding, unsafe } = await inspectPostgres(postgresOptions(url));
  const findings = [ok(name, `PostgreSQL ${version} on ${url.host}`)];
  if (encoding !== "UTF8") {
    findings.push(fail(name, `the database's encoding is ${encoding}`, "make a database with ENCODING 'UTF8'"));
  }
  for (const setting of unsafe) {
    findings.push(warn(name, `${setting} is off: a power cut can take back what was acknowledged`, `set it on`));
  }
  return findings;
};

const checkMariadb = async (name: string, url: URL): Promise<Finding[]> => {
  const { version, maxAllowedPacket } = await inspectMariadb(mariadbOptions(url));
  if (!version.includes("MariaDB")) {
    return [fail(name, `the server on ${url.host} is no MariaDB: ${version}`, "use MariaDB, PostgreSQL or SQLite")];
  }
  return [
    ok(
      name,
      `${version} on ${url.host}; values of up to ${Math.floor(maxAllowedPacket / MIB)} MiB (max_allowed_packet)`,
    ),
  ];
};

const checkEventStoreDb = async (name: string, connectionString: string): Promise<Finding[]> => {
  const store = new EventStoreDbEventStore({ url: connectionString });
  await store.start();
  await store.stop();
  return [ok(name, "EventStoreDB or KurrentDB lets us in, and its log can be read")];
};
