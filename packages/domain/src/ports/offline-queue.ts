/**
 * A durable, bounded, prioritised queue: deliveries owed to endpoints, publishes owed to a broker.
 *
 * Life of an item: waiting → leased → gone (`complete`), or waiting again at a later time (`retryLater`), or dead
 * (`deadLetter`) until `retry` makes it wait again, with no attempt counted, or `discard` takes it away. A lease that runs out makes the item
 * waiting again: its holder died. Completing an item that is not there is not an error.
 *
 * Order. `lease` gives the highest priority first, then the oldest. Of an ordered group it gives only the oldest item
 * that is neither dead nor gone, whatever the priorities, and none while that one is leased or waits for its retry time.
 * The oldest is the one that was enqueued first; `enqueuedAt` is for reports alone, as clocks are set back at times.
 *
 * Bound. A full queue makes room for a newcomer only by evicting waiting items of a strictly lower priority, lowest
 * first and oldest first among them; otherwise the newcomer is refused. Both are reported, never silent. Dead items take
 * no room; one that is retried comes back even into a full queue.
 *
 * `commit` is one transaction: all of it or nothing, with the consumer's cursor, which is compared first. What leaves
 * the queue does so before newcomers look for room. An item that one commit both enqueues and ends (complete,
 * deadLetter, discard) ends, as if it had been enqueued before; one that it enqueues and amends is enqueued amended.
 */
export interface QueueItem {
  readonly id: string;
  /** What can fail as one: an endpoint of a flow, a broker. */
  readonly group: string;
  /** 1 to 10; 10 goes first. */
  readonly priority: number;
  readonly payload: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly enqueuedAt: number;
}

export interface LeasedItem extends QueueItem {
  /** Attempts that have ended before this one. */
  readonly attempts: number;
}

export interface DeadItem extends LeasedItem {
  readonly reason: string;
}

export interface CountDelta {
  readonly key: string;
  readonly delta: number;
}

export interface QueueChanges {
  readonly cursor?: { readonly consumer: string; readonly from: string | null; readonly to: string };
  /** An id that the queue holds already is left as it is. */
  readonly enqueue?: readonly QueueItem[];
  /** Takes an item away, whatever its state. */
  readonly complete?: readonly string[];
  /** Of a leased item it ends the lease and counts the attempt; of a waiting one it counts none. */
  readonly deadLetter?: readonly { readonly id: string; readonly reason: string }[];
  /** A dead item waits again until `at`, with its place in the order and no attempts; any other is left as it is. */
  readonly retry?: readonly { readonly id: string; readonly at: number }[];
  /** Gives an item another payload, whatever its state; its place and attempts stay. Nothing if it is not there. */
  readonly amend?: readonly { readonly id: string; readonly payload: Uint8Array }[];
  /** Takes an item away, whatever its state. */
  readonly discard?: readonly string[];
  /** Named durable counters, changed with the rest. */
  readonly counts?: readonly CountDelta[];
}

export interface QueueCommit {
  /** Newcomers that were not taken, by id. */
  readonly refused: readonly string[];
  readonly evicted: readonly QueueItem[];
}

export interface LeaseOptions {
  readonly group: string;
  readonly limit: number;
  readonly ordered: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly until: number;
}

export interface GroupStatistics {
  readonly group: string;
  readonly waiting: number;
  /** Including leases that have run out, until the next `lease` of the group sees it. */
  readonly leased: number;
  readonly dead: number;
  /** When the oldest item that is not dead was enqueued, in ms since the epoch; null when there is none. */
  readonly oldest: number | null;
  /**
   * When the group's next item may be leased, in ms since the epoch: the time of a waiting item or the end of a lease.
   * In the past when there is one already; null when all items are dead.
   */
  readonly nextAt: number | null;
}

export interface QueueStatistics {
  /** Waiting and leased; what the bound is held against. */
  readonly total: number;
  readonly byPriority: ReadonlyMap<number, number>;
  readonly capacityUsedPercent: number;
  readonly oldest: number | null;
  readonly dead: number;
}

export interface OfflineQueue {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @throws CursorMoved see projection-store.ts; @throws QueueUnavailable nothing was written */
  commit(changes: QueueChanges): Promise<QueueCommit>;
  lease(options: LeaseOptions): Promise<readonly LeasedItem[]>;
  /** Ends a lease: the attempt failed, and the item waits until `at`. Counts one attempt. Nothing if not leased. */
  retryLater(items: readonly { readonly id: string; readonly at: number }[]): Promise<void>;
  /** Ends leases without counting an attempt, as at shutdown. */
  release(ids: readonly string[]): Promise<void>;
  /** Ends every lease, without counting an attempt: for the queue's only consumer, when it starts. */
  releaseAll(): Promise<void>;
  cursor(consumer: string): Promise<string | null>;
  counts(): Promise<ReadonlyMap<string, number>>;
  groups(): Promise<readonly GroupStatistics[]>;
  /** By id; `afterId` need not be there any more. */
  dead(page: { readonly limit: number; readonly afterId?: string }): Promise<readonly DeadItem[]>;
  statistics(): Promise<QueueStatistics>;
  /** Takes every item away, the dead too; cursors and counts stay. */
  clear(): Promise<void>;
}

export class QueueUnavailable extends Error {
  override readonly name = "QueueUnavailable";
}
