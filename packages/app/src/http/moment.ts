/** `at`: a time, or a position of the log. */
import type { RecordedEvent } from "@sluice/contracts";
import type { EventStore } from "@sluice/domain";
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

/** @returns whether an event had happened by then. @throws HttpProblem `invalid-query` */
export const momentOf = (at: string, store: EventStore): ((event: RecordedEvent) => boolean) => {
  const instant = parseInstant(at, "last");
  if (instant !== null) return (event) => event.recordedAt <= instant;
  if (isPosition(at, store)) return (event) => store.compare(event.position, at) <= 0;
  throw invalidQuery({
    pointer: "/at",
    keyword: "format",
    message: "must be a date, RFC 3339 with a zone, or a position of the log",
  });
};
