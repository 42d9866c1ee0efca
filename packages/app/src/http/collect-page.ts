/** A page from a source that may give less than it is asked for, within bounds of size and time. */
import type { Clock, Page } from "@sluice/domain";
import { Budget } from "../messages/budget.ts";

export interface PageSource<T> {
  readonly limit: number;
  readonly after: string | undefined;
  readonly clock: Clock;
  /** Items to ask for at once, where the source does not bound their size itself. */
  readonly chunk?: number;
  /** Gives `limit` items at the most. */
  readonly read: (page: { limit: number; after?: string }) => Promise<Page<T>>;
}

/** One request may look for matches this long; then it gives what it has found, with a `next`. */
const MAX_MS = 2_000;
/** Of items that may be large: few are then read in vain. */
export const SMALL_CHUNK = 100;

export const collectPage = async <T>({
  limit,
  after,
  clock,
  read,
  chunk: most = limit,
}: PageSource<T>): Promise<Page<T>> => {
  const items: T[] = [];
  const budget = new Budget();
  const end = clock.now() + MAX_MS;
  let next = after ?? null;
  do {
    const chunk: Page<T> = await read({
      limit: Math.min(limit - items.length, most),
      ...(next === null ? {} : { after: next }),
    });
    for (const item of chunk.items) budget.take(item);
    items.push(...chunk.items);
    next = chunk.next;
  } while (next !== null && items.length < limit && !budget.spent && clock.now() < end);
  return { items, next };
};
