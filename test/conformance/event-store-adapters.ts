/** The event stores that the conformance suite runs over, and that its child processes open by name. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventStoreDbEventStore } from "@sluice/adapter-eventstore";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import type { Clock, EventStore } from "@sluice/domain";
import { deleteStreams, makeStreamPrefix, realServerUrl, sharedServerUrl } from "../support/eventstore.ts";
import { makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

export interface EventStoreAdapter {
  readonly name: string;
  /** Why this machine cannot run it; null when it can. */
  unavailable(): Promise<string | null>;
  /** Makes an empty store. Its location means the same in every process of this machine. */
  create(): Promise<{ readonly location: string; remove(): Promise<void> }>;
  /** Not started yet. Any number may be open on one location. */
  open(location: string, clock: Clock): EventStore;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const sqlite = (threads: "workers" | "inline"): EventStoreAdapter => ({
  name: `sqlite, ${threads}`,
  unavailable: async () => null,
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-event-store-"));
    return {
      location: join(directory, "events.db"),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
  open: (path, clock) => new SqliteEventStore({ path, clock, threads, pollIntervalMs: 10 }),
  notSupported: {},
});

const postgres: EventStoreAdapter = {
  name: "postgres",
  unavailable: postgresUnavailable,
  create: makeSchema,
  // Few connections: a definition opens several stores, and other tests run meanwhile.
  open: (schema, clock) => new PostgresEventStore({ url: postgresUrl, schema, clock, readers: 2, pollIntervalMs: 500 }),
  notSupported: {},
};

/** Each store has streams of its own on one server: what the others write there must never show. */
const eventStoreDb = (name: string, url: () => Promise<string>): EventStoreAdapter => ({
  name: `eventstore, ${name}`,
  unavailable: async () => null,
  create: async () => {
    const [server, streamPrefix] = [await url(), makeStreamPrefix()];
    return {
      location: JSON.stringify({ url: server, streamPrefix }),
      remove: async () => {
        if (server === realServerUrl) await deleteStreams(server, streamPrefix);
      },
    };
  },
  open: (location) => new EventStoreDbEventStore({ ...JSON.parse(location), resendMs: 300, idleCheckMs: 50 }),
  notSupported: {},
});

const realEventStoreDb: EventStoreAdapter = {
  ...eventStoreDb("real server", async () => realServerUrl ?? ""),
  unavailable: async () => (realServerUrl === undefined ? "no EventStoreDB or KurrentDB: ESDB_URL is not set" : null),
};

export const eventStoreAdapters: readonly EventStoreAdapter[] = [
  sqlite("workers"),
  sqlite("inline"),
  postgres,
  eventStoreDb("test server", sharedServerUrl),
  realEventStoreDb,
];
