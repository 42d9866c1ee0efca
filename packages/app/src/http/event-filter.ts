/** Which events are asked for: in a listing as in the live tail. */
import { type EventQuery, type EventType, eventTypes } from "@sluice/contracts";
import { BadCursor, type EventFilter, type EventStore } from "@sluice/domain";
import type { Static } from "typebox";
import { invalidQuery } from "./problems.ts";
import { timeRangeOf } from "./time-range.ts";

const known: ReadonlySet<string> = new Set(eventTypes);

const typesOf = (list: string): readonly EventType[] => {
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return names as EventType[];
  throw invalidQuery({
    pointer: "/type",
    keyword: "enum",
    message: `${unknown.map((name) => JSON.stringify(name)).join(", ")}: the types are ${eventTypes.join(", ")}`,
  });
};

type Asked = Pick<Static<typeof EventQuery>, "flow" | "stream" | "type" | "messageId" | "from" | "to">;

/** @throws HttpProblem `invalid-query` */
export const filterOf = ({ flow, stream, messageId, type, ...range }: Asked): EventFilter => {
  const { from, to } = timeRangeOf(range);
  return {
    ...(flow === undefined ? {} : { flow }),
    ...(stream === undefined ? {} : { stream }),
    ...(messageId === undefined ? {} : { messageId: messageId.toLowerCase() }),
    ...(type === undefined ? {} : { types: typesOf(type) }),
    ...(from === undefined ? {} : { recordedFrom: from }),
    ...(to === undefined ? {} : { recordedTo: to }),
  };
};

/** A cursor is a position of the log. @throws BadCursor */
export const checkPosition = (position: string, store: EventStore): void => {
  try {
    store.compare(position, position);
  } catch (error) {
    if (error instanceof RangeError) throw new BadCursor("not a position of this event log");
    throw error;
  }
};
