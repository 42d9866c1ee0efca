/** The event log, as it is. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { EventPage, EventQuery, type RecordedEvent, ref } from "@sluice/contracts";
import type { Static } from "typebox";
import { collectPage } from "../collect-page.ts";
import { checkPosition, filterOf } from "../event-filter.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

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
