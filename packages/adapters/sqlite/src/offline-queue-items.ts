/** Rows of the `items` table, and how they change state. Every change goes into the tallies of its transaction. */
import type { QueueItem } from "@sluice/domain";
import { type Counted, State, type TallyChanges } from "./offline-queue-tallies.ts";
import type { StatementCache } from "./statement-cache.ts";

/** Columns of an item under the names that the port uses. */
export const ITEM_COLUMNS = 'id, group_name AS "group", priority, payload, enqueued_at AS enqueuedAt';
const COUNTED = 'group_name AS "group", priority, state';

const FIND = `SELECT seq, attempts, ${COUNTED} FROM items WHERE id = ?`;
const INSERT = `INSERT INTO items (id, group_name, priority, state, at, attempts, enqueued_at, payload)
  VALUES ($id, $group, $priority, 0, 0, 0, $enqueuedAt, $payload)
  ON CONFLICT (id) DO NOTHING`;
const MOVE = "UPDATE items SET state = $state, at = $at, attempts = $attempts, reason = $reason WHERE seq = $seq";
const AMEND = "UPDATE items SET payload = ? WHERE id = ?";
const REMOVE = `DELETE FROM items WHERE id = ? RETURNING ${COUNTED}`;
const EVICT = `DELETE FROM items
  WHERE seq = (SELECT seq FROM items WHERE priority = ? AND state < 2 ORDER BY seq LIMIT 1)
  RETURNING ${ITEM_COLUMNS}, state`;

interface Found extends Counted {
  readonly seq: number;
  readonly attempts: number;
}

/** The items within one transaction. */
export class Items {
  readonly #statements: StatementCache;
  readonly #tallies: TallyChanges;

  constructor(statements: StatementCache, tallies: TallyChanges) {
    this.#statements = statements;
    this.#tallies = tallies;
  }

  has(id: string): boolean {
    return this.#find(id) !== undefined;
  }

  /** Ready at once. @returns false when the id is held already */
  insert(item: QueueItem): boolean {
    const { id, group, priority, payload, enqueuedAt } = item;
    const inserted = this.#statements.prepare(INSERT).run({ id, group, priority, payload, enqueuedAt }).changes > 0;
    if (inserted) this.#tallies.arrived({ group, priority, state: State.ready });
    return inserted;
  }

  remove(id: string): void {
    const removed = this.#statements.prepare(REMOVE).get(id) as Counted | undefined;
    if (removed) this.#tallies.left(removed);
  }

  /** The oldest waiting item of the priority; undefined when none waits. */
  evict(priority: number): QueueItem | undefined {
    const evicted = this.#statements.prepare(EVICT).get(priority) as (QueueItem & Counted) | undefined;
    if (!evicted) return undefined;
    const { state, ...item } = evicted;
    this.#tallies.left({ group: item.group, priority, state });
    return item;
  }

  bury(id: string, reason: string): void {
    const item = this.#find(id);
    if (!item || item.state === State.dead) return;
    const attempts = item.attempts + (item.state === State.leased ? 1 : 0);
    this.#move(item, { state: State.dead, at: 0, attempts, reason });
  }

  revive(id: string, at: number): void {
    const item = this.#find(id);
    if (item) this.#move(item, { state: State.delayed, at, attempts: 0, reason: null });
  }

  amend(id: string, payload: Uint8Array): void {
    this.#statements.prepare(AMEND).run(payload, id);
  }

  retryLater(id: string, at: number): void {
    const item = this.#find(id);
    if (item?.state !== State.leased) return;
    this.#move(item, { state: State.delayed, at, attempts: item.attempts + 1, reason: null });
  }

  release(id: string): void {
    const item = this.#find(id);
    if (item?.state !== State.leased) return;
    this.#move(item, { state: State.ready, at: 0, attempts: item.attempts, reason: null });
  }

  #find(id: string): Found | undefined {
    return this.#statements.prepare(FIND).get(id) as Found | undefined;
  }

  #move(item: Found, to: { state: State; at: number; attempts: number; reason: string | null }): void {
    this.#statements.prepare(MOVE).run({ seq: item.seq, ...to });
    this.#tallies.moved(item, to.state);
  }
}
