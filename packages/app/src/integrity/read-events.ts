/** Reading a stretch of the log that may have been tampered with. */
import type { RecordedEvent } from "@sluice/contracts";
import { type EventStore, EventStoreUnavailable } from "@sluice/domain";

/** What stands after this position cannot be read as events. */
export class UnreadableEvent extends Error {
  override readonly name = "UnreadableEvent";
  /** The events that were asked for and come before it. */
  readonly before: readonly RecordedEvent[];
  constructor(before: readonly RecordedEvent[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.before = before;
  }
}

/** What a store makes of text that is no JSON, or of JSON that is no event; servers that are away fail otherwise. */
const isDamage = (cause: unknown): boolean => cause instanceof SyntaxError || cause instanceof TypeError;

/**
 * So many events after a position, or fewer where the log ends.
 * @throws UnreadableEvent, EventStoreUnavailable
 */
export const readEvents = async (
  store: EventStore,
  after: string | null,
  count: number,
): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  let position = after;
  let limit = count;
  while (events.length < count) {
    try {
      const page = await store.readAll({
        limit: Math.min(limit, count - events.length),
        ...(position === null ? {} : { after: position }),
      });
      for (const event of page.events) events.push(event);
      if (page.atEnd || page.position === null) break;
      position = page.position;
    } catch (error) {
      if (error instanceof EventStoreUnavailable && !isDamage(error.cause)) throw error;
      // One of the page's events is not as the store wrote it: they are read one by one, up to that.
      if (limit === 1) throw new UnreadableEvent(events, error);
      limit = 1;
    }
  }
  return events;
};
