/** The bound of the queue: who gets in, and who must go for it. */
import type { QueueCommit, QueueItem } from "@sluice/domain";
import type { Items } from "./offline-queue-items.ts";
import { prioritiesOf } from "./offline-queue-tallies.ts";
import type { StatementCache } from "./statement-cache.ts";

/**
 * Takes the newcomers in, in their order, as far as there is room or something of a lower priority to evict. One goes
 * for one that comes: a queue that holds more than its bound, because that was lowered, is not thinned out.
 *
 * The tallies must be written: the room is counted from them.
 */
export const admit = (
  statements: StatementCache,
  items: Items,
  newcomers: readonly QueueItem[],
  capacity: number,
): QueueCommit => {
  if (capacity === Number.POSITIVE_INFINITY) {
    for (const item of newcomers) items.insert(item);
    return { refused: [], evicted: [] };
  }
  const tallies = prioritiesOf(statements);
  const waiting = new Map(tallies.map((tally) => [tally.priority, tally.waiting]));
  let total = tallies.reduce((sum, tally) => sum + tally.waiting + tally.leased, 0);
  const count = (priority: number, change: 1 | -1): void => {
    waiting.set(priority, (waiting.get(priority) ?? 0) + change);
    total += change;
  };

  const refused: string[] = [];
  const evicted: QueueItem[] = [];
  for (const item of newcomers) {
    if (total >= capacity) {
      if (items.has(item.id)) continue;
      const victim = evictBelow(items, waiting, item.priority);
      if (!victim) {
        refused.push(item.id);
        continue;
      }
      evicted.push(victim);
      count(victim.priority, -1);
    }
    if (items.insert(item)) count(item.priority, 1);
  }
  return { refused, evicted };
};

const evictBelow = (items: Items, waiting: ReadonlyMap<number, number>, priority: number): QueueItem | undefined => {
  const lower = [...waiting].filter(([candidate, number]) => candidate < priority && number > 0);
  return lower.length === 0 ? undefined : items.evict(Math.min(...lower.map(([candidate]) => candidate)));
};
