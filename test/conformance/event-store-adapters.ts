/** The event stores that the conformance suite runs over, and that its child processes open by name. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventStoreDbEventStore } from "@sluice/adapter-eventstore";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import type { Clock, EventStore } from "@sluice/domain";
import { makeStreamPrefix, realServerUrl, sharedServerUrl } from "../support/eventstore.ts";
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
const eventStoreDb = (name: string, unavailable: string | null, url: () => Promise<string>): EventStoreAdapter => ({
  name: `eventstore, ${name}`,
  unavailable: async () => unavailable,
  create: async () => ({
    location: JSON.stringify({ url: await url(), streamPrefix: makeStreamPrefix() }),
    remove: async () => undefined,
  }),
  open: (location) => new EventStoreDbEventStore({ ...JSON.parse(location), resendMs: 300, idleCheckMs: 50 }),
  notSupported: {},
});

const noRealServer = "no EventStoreDB or KurrentDB: ESDB_URL is not set";

export const eventStoreAdapters: readonly EventStoreAdapter[] = [
  sqlite("workers"),
  sqlite("inline"),
  postgres,
  eventStoreDb("test server", null, sharedServerUrl),
  eventStoreDb("real server", realServerUrl === undefined ? noRealServer : null, async () => realServerUrl ?? ""),
];
