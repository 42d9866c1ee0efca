/** The event log, as it is. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { EventPage, EventQuery, type EventType, eventTypes, type RecordedEvent, ref } from "@sluice/contracts";
import { BadCursor, type EventFilter, type EventStore } from "@sluice/domain";
import type { Static } from "typebox";
import { collectPage } from "../collect-page.ts";
import { invalidQuery } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { timeRangeOf } from "../time-range.ts";

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

const filterOf = ({ flow, stream, messageId, type, ...range }: Static<typeof EventQuery>): EventFilter => {
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
const checkPosition = (position: string, store: EventStore): void => {
  try {
    store.compare(position, position);
  } catch (error) {
    if (error instanceof RangeError) throw new BadCursor("not a position of this event log");
    throw error;
  }
};

/** The API's type of an event says less than the log's. */
type EventItem = Static<typeof EventPage>["items"][number];

export const eventRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "store" | "clock">> = async (
  app,
  { store, clock },
) => {
  app.route({
    method: "GET",
    url: "/api/v1/events",
    schema: {
      operationId: "listEvents",
      summary: "What the event log has recorded",
      description:
        "In the order of the log, or backwards. `next` is null at the end of the log as it is now; a reader that wants " +
        "what comes later asks again with `after` set to the `position` of the last event that it has seen.",
      tags: ["log"],
      querystring: EventQuery,
      response: answers(
        { 200: answer(ref(EventPage), { description: "A page." }) },
        "unauthorized",
        "bad-cursor",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async ({ query: { limit = 100, after, order = "asc", ...query } }) => {
      const filter = filterOf(query);
      if (after !== undefined) checkPosition(after, store);
      const page = await collectPage<RecordedEvent>({
        limit,
        after,
        clock,
        read: async (chunk) => {
          const direction = order === "asc" ? "forwards" : "backwards";
          const { events, position, atEnd } = await store.readAll({ ...chunk, filter, direction });
          return { items: events, next: atEnd ? null : position };
        },
      });
      return { items: page.items as unknown as EventItem[], next: page.next };
    },
  });
};
