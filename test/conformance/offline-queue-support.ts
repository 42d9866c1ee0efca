/** What a definition of the offline queue's conformance suite works with. */
import assert from "node:assert/strict";
import type { GroupStatistics, LeasedItem, LeaseOptions, OfflineQueue, QueueItem } from "@sluice/domain";
import type { OfflineQueueAdapter } from "./offline-queue-adapters.ts";

export interface OfflineQueueContext {
  readonly adapter: OfflineQueueAdapter;
  /** Of the queue that this definition has to itself. */
  readonly location: string;
  /** Another instance on the queue, started; stopped after the definition. No bound when absent. */
  open(capacity?: number): Promise<OfflineQueue>;
}

export interface OfflineQueueDefinition {
  readonly name: string;
  run(context: OfflineQueueContext): Promise<void>;
}

export const GROUP = "flow/endpoint";

export const item = (id: string, values: Partial<QueueItem> = {}): QueueItem => ({
  id,
  group: GROUP,
  priority: 5,
  payload: new TextEncoder().encode(id),
  enqueuedAt: 1_000,
  ...values,
});

/** Items of these priorities, named by their place and priority: `0:10`, `1:5` … */
export const items = (...priorities: readonly number[]): QueueItem[] =>
  priorities.map((priority, index) => item(`${index}:${priority}`, { priority, enqueuedAt: 1_000 + index }));

/** At 2,000 until 3,000, as many as there are. */
export const lease = (queue: OfflineQueue, options: Partial<LeaseOptions> = {}): Promise<readonly LeasedItem[]> =>
  queue.lease({ group: GROUP, limit: 1_000, ordered: false, now: 2_000, until: 3_000, ...options });

export const idsOf = (of: readonly { readonly id: string }[]): string[] => of.map(({ id }) => id);

/** Leases one item after the other. */
export const leaseEach = async (queue: OfflineQueue, options: Partial<LeaseOptions> = {}): Promise<string[]> => {
  const ids: string[] = [];
  for (;;) {
    const [leased, ...more] = await lease(queue, { ...options, limit: 1 });
    assert.equal(more.length, 0);
    if (!leased) return ids;
    ids.push(leased.id);
  }
};

export const groupOf = async (queue: OfflineQueue, group = GROUP): Promise<GroupStatistics | undefined> =>
  (await queue.groups()).find((one) => one.group === group);

/** [waiting, leased, dead] of a group. */
export const stateOf = async (queue: OfflineQueue, group = GROUP): Promise<[number, number, number]> => {
  const found = await groupOf(queue, group);
  return [found?.waiting ?? 0, found?.leased ?? 0, found?.dead ?? 0];
};
