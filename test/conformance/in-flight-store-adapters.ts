/** The stores that the conformance suite runs over. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteInFlightStore, SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import type { InFlightStore, OfflineQueue } from "@sluice/domain";

export interface InFlightStoreAdapter {
  readonly name: string;
  create(): Promise<{ readonly location: string; remove(): Promise<void> }>;
  /** Not started yet. Any number may be open on one location. */
  open(location: string): InFlightStore;
  /** The queue that the messages come from, in the same database; not started yet. */
  openQueue(location: string): OfflineQueue;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

export const inFlightStoreAdapters: readonly InFlightStoreAdapter[] = [
  {
    name: "sqlite",
    create: async () => {
      const directory = await mkdtemp(join(tmpdir(), "sluice-in-flight-"));
      return { location: join(directory, "publish.db"), remove: () => rm(directory, { recursive: true, force: true }) };
    },
    open: (path) => new SqliteInFlightStore({ path }),
    openQueue: (path) => new SqliteOfflineQueue({ path, capacity: 10, durability: "newcomers" }),
    notSupported: {},
  },
];
