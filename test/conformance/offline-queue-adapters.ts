/** The queues that the conformance suite runs over, and that its child processes open by name. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import type { OfflineQueue } from "@sluice/domain";

export interface OfflineQueueAdapter {
  readonly name: string;
  /** Why this machine cannot run it; null when it can. */
  unavailable(): Promise<string | null>;
  /** Makes an empty queue. Its location means the same in every process of this machine. */
  create(): Promise<{ readonly location: string; remove(): Promise<void> }>;
  /** Not started yet. Any number may be open on one location. */
  open(location: string, capacity: number): OfflineQueue;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const sqlite = (durability: "full" | "normal" | "newcomers"): OfflineQueueAdapter => ({
  name: `sqlite, ${durability} durability`,
  unavailable: async () => null,
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-offline-queue-"));
    return {
      location: join(directory, "queue.db"),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
  open: (path, capacity) => new SqliteOfflineQueue({ path, capacity, durability }),
  notSupported: {},
});

export const offlineQueueAdapters: readonly OfflineQueueAdapter[] = [
  sqlite("full"),
  sqlite("normal"),
  sqlite("newcomers"),
];
