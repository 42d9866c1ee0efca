/** The event stores that the conformance suite runs over, and that its child processes open by name. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import type { Clock, EventStore } from "@sluice/domain";
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

export const eventStoreAdapters: readonly EventStoreAdapter[] = [sqlite("workers"), sqlite("inline"), postgres];
