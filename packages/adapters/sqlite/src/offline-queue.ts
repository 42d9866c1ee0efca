/** The queue in an SQLite database of its own: the port with its protocol is `OfflineQueue` in the domain. */
import {
  type DeadItem,
  type GroupStatistics,
  type LeasedItem,
  type LeaseOptions,
  type OfflineQueue,
  type QueueChanges,
  type QueueCommit,
  type QueueStatistics,
  QueueUnavailable,
} from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { openDatabase, transact } from "./connection.ts";
import { commitChanges, readCursor } from "./offline-queue-commit.ts";
import { GroupCache } from "./offline-queue-groups.ts";
import { ITEM_COLUMNS, Items } from "./offline-queue-items.ts";
import { leaseItems, releaseAllItems } from "./offline-queue-lease.ts";
import { prioritiesOf, TallyChanges } from "./offline-queue-tallies.ts";
import { queueAvailable } from "./queue-errors.ts";
import { StatementCache } from "./statement-cache.ts";

export interface SqliteQueueOptions extends DatabaseOptions {
  /** Items, waiting and leased, at the most; Infinity for no bound. */
  readonly capacity: number;
  /**
   * `full`: what a call has changed is on disk when it returns. `normal`: it survives the process, but a power failure
   * may take the last calls back, all tables together; for a queue that is filled from the log, where its cursor goes
   * back with it. `newcomers`: what is enqueued, and all before it, is on disk when `commit` returns; a power failure may
   * take back that items were leased or left.
   */
  readonly durability: "full" | "normal" | "newcomers";
}

interface Connection {
  readonly statements: StatementCache;
  readonly groups: GroupCache;
  synchronous: "full" | "normal";
}

const DEAD = `SELECT ${ITEM_COLUMNS}, attempts, reason FROM items WHERE state = 3 AND id > ? ORDER BY id LIMIT ?`;
const CLEAR = "DELETE FROM items; DELETE FROM group_tallies; DELETE FROM priority_tallies;";

/** Every call runs in the calling thread, to its end. */
export class SqliteOfflineQueue implements OfflineQueue {
  readonly #options: SqliteQueueOptions;
  #connection: Connection | null = null;

  constructor(options: SqliteQueueOptions) {
    this.#options = options;
  }

  /** @throws UnusableDatabase when the file is another store's or a newer version's */
  async start(): Promise<void> {
    const database = queueAvailable(() => openDatabase("queue", this.#options));
    const synchronous = this.#options.durability === "full" ? "full" : "normal";
    database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = -65536;`);
    const statements = new StatementCache(database);
    this.#connection = { statements, groups: new GroupCache(statements), synchronous };
  }

  async stop(): Promise<void> {
    this.#connection?.statements.database.close();
    this.#connection = null;
  }

  async commit(changes: QueueChanges): Promise<QueueCommit> {
    const { capacity } = this.#options;
    return this.#change(
      (statements, tallies) => commitChanges(statements, tallies, capacity, changes),
      changes.enqueue !== undefined && changes.enqueue.length > 0,
    );
  }

  async lease(options: LeaseOptions): Promise<readonly LeasedItem[]> {
    return this.#change((statements, tallies) => leaseItems(statements, tallies, options));
  }

  async retryLater(retries: readonly { readonly id: string; readonly at: number }[]): Promise<void> {
    this.#changeItems((items) => {
      for (const { id, at } of retries) items.retryLater(id, at);
    });
  }

  async release(ids: readonly string[]): Promise<void> {
    this.#changeItems((items) => {
      for (const id of ids) items.release(id);
    });
  }

  async releaseAll(): Promise<void> {
    this.#change(releaseAllItems);
  }

  async cursor(consumer: string): Promise<string | null> {
    return this.#run(({ statements }) => readCursor(statements, consumer));
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = this.#run(({ statements }) => statements.prepare("SELECT key, value FROM counts").all());
    return new Map(rows.map(({ key, value }) => [key as string, value as number]));
  }

  async groups(): Promise<readonly GroupStatistics[]> {
    return this.#run(({ groups }) => groups.all());
  }

  async dead({ limit, afterId = "" }: { limit: number; afterId?: string }): Promise<readonly DeadItem[]> {
    const rows = this.#run(({ statements }) => statements.prepare(DEAD).all(afterId, limit));
    return rows.map((row) => ({ ...row }) as unknown as DeadItem);
  }

  async statistics(): Promise<QueueStatistics> {
    const { tallies, groups } = this.#run(({ statements, groups }) => ({
      tallies: prioritiesOf(statements),
      groups: groups.all(),
    }));
    const byPriority = new Map<number, number>();
    for (const { priority, waiting, leased } of tallies) {
      if (waiting + leased > 0) byPriority.set(priority, waiting + leased);
    }
    const total = byPriority.values().reduce((sum, items) => sum + items, 0);
    const enqueued = groups.map((group) => group.oldest).filter((oldest) => oldest !== null);
    return {
      total,
      byPriority,
      capacityUsedPercent: (total / this.#options.capacity) * 100,
      oldest: enqueued.length === 0 ? null : enqueued.reduce((least, time) => Math.min(least, time)),
      dead: tallies.reduce((sum, tally) => sum + tally.dead, 0),
    };
  }

  async clear(): Promise<void> {
    this.#run(({ statements, groups }) => {
      for (const { group } of groups.all()) groups.changed(group);
      transact(statements.database, () => statements.database.exec(CLEAR));
    });
  }

  #changeItems(work: (items: Items) => void): void {
    this.#change((statements, tallies) => {
      work(new Items(statements, tallies));
      tallies.write(statements);
    });
  }

  /** Runs `work` in a transaction; it must write the tallies. */
  #change<T>(work: (statements: StatementCache, tallies: TallyChanges) => T, newcomers = false): T {
    return this.#run((connection) => {
      if (this.#options.durability === "newcomers") synchronize(connection, newcomers ? "full" : "normal");
      const { statements, groups } = connection;
      return transact(statements.database, () => work(statements, new TallyChanges(groups.changed)));
    });
  }

  #run<T>(work: (connection: Connection) => T): T {
    const connection = this.#connection;
    if (!connection) throw new QueueUnavailable("the queue is not started");
    return queueAvailable(() => work(connection));
  }
}

const synchronize = (connection: Connection, synchronous: Connection["synchronous"]): void => {
  if (connection.synchronous === synchronous) return;
  connection.statements.database.exec(`PRAGMA synchronous = ${synchronous}`);
  connection.synchronous = synchronous;
};
