/** `at`: a time, or a position of the log. */
import type { RecordedEvent } from "@sluice/contracts";
import type { EventStore, ReadAllOptions } from "@sluice/domain";
import { invalidQuery } from "./problems.ts";
import { parseInstant } from "./time-range.ts";

const isPosition = (text: string, store: EventStore): boolean => {
  try {
    store.compare(text, text);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

export interface Moment {
  /** Whether the event had happened by then. */
  includes(event: RecordedEvent): boolean;
  /** Position of the first event after it; null when there is none yet. */
  end(): Promise<string | null>;
}

/** @throws HttpProblem `invalid-query` */
export const momentOf = (at: string, store: EventStore): Moment => {
  const first = async (options: Pick<ReadAllOptions, "after" | "filter">): Promise<string | null> => {
    const { events } = await store.readAll({ ...options, limit: 1 });
    return events[0]?.position ?? null;
  };
  const instant = parseInstant(at, "last");
  if (instant !== null) {
    const next = new Date(Date.parse(instant) + 1).toISOString();
    return {
      includes: ({ recordedAt }) => recordedAt <= instant,
      end: () => first({ filter: { recordedFrom: next } }),
    };
  }
  if (isPosition(at, store)) {
    return { includes: ({ position }) => store.compare(position, at) <= 0, end: () => first({ after: at }) };
  }
  throw invalidQuery({
    pointer: "/at",
    keyword: "format",
    message: "must be a date, RFC 3339 with a zone, or a position of the log",
  });
};
