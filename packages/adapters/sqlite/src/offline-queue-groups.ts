/**
 * Statistics by group, kept in memory: asked for a thousand groups on every pass of a consumer, they are read again only
 * for groups that have changed, or for all when another connection has written (`PRAGMA data_version`).
 */
import type { GroupStatistics } from "@sluice/domain";
import type { StatementCache } from "./statement-cache.ts";

const GROUPS = "SELECT DISTINCT group_name AS name FROM group_tallies";
const GROUP = `SELECT
    sum(waiting) AS waiting, sum(leased) AS leased, sum(dead) AS dead,
    (SELECT enqueued_at FROM items WHERE group_name = $group AND state < 3 ORDER BY seq LIMIT 1) AS oldest,
    (SELECT at FROM items WHERE group_name = $group AND state = 0 LIMIT 1) AS readyAt,
    (SELECT min(at) FROM items WHERE group_name = $group AND state = 1) AS delayedUntil,
    (SELECT min(at) FROM items WHERE group_name = $group AND state = 2) AS leasedUntil
  FROM group_tallies WHERE group_name = $group`;

interface GroupRow {
  /** Null, as the other sums, when the group has no item. */
  readonly waiting: number | null;
  readonly leased: number;
  readonly dead: number;
  readonly oldest: number | null;
  readonly readyAt: number | null;
  readonly delayedUntil: number | null;
  readonly leasedUntil: number | null;
}

export class GroupCache {
  readonly #statements: StatementCache;
  readonly #known = new Map<string, GroupStatistics>();
  readonly #changed = new Set<string>();
  #dataVersion: number | null = null;

  constructor(statements: StatementCache) {
    this.#statements = statements;
  }

  /** To be told of every change that this connection makes; one that is rolled back does no harm. */
  readonly changed = (group: string): void => {
    this.#changed.add(group);
  };

  all(): readonly GroupStatistics[] {
    const dataVersion = this.#statements.prepare("PRAGMA data_version").get()?.data_version as number;
    if (dataVersion !== this.#dataVersion) {
      for (const group of this.#known.keys()) this.#changed.add(group);
      for (const { name } of this.#statements.prepare(GROUPS).all()) this.#changed.add(name as string);
      this.#dataVersion = dataVersion;
    }
    for (const group of this.#changed) this.#read(group);
    this.#changed.clear();
    return [...this.#known.values()];
  }

  #read(group: string): void {
    const row = this.#statements.prepare(GROUP).get({ group }) as unknown as GroupRow;
    if (row.waiting === null) {
      this.#known.delete(group);
      return;
    }
    const times = [row.readyAt, row.delayedUntil, row.leasedUntil].filter((time) => time !== null);
    this.#known.set(group, {
      group,
      waiting: row.waiting,
      leased: row.leased,
      dead: row.dead,
      oldest: row.oldest,
      nextAt: times.length === 0 ? null : Math.min(...times),
    });
  }
}
