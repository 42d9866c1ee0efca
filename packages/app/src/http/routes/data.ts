/** Stored attributes. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { type DataItem, DataPage, DataQuery, ref } from "@sluice/contracts";
import { collectPage, SMALL_CHUNK } from "../collect-page.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { timeRangeOf } from "../time-range.ts";

export const dataRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "projection" | "clock">> = async (
  app,
  { projection, clock },
) => {
  app.route({
    method: "GET",
    url: "/api/v1/data",
    schema: {
      operationId: "listData",
      summary: "Stored attributes",
      description: "By the time of receipt. What the gateway receives shows here when the projection has taken it in.",
      tags: ["data"],
      querystring: DataQuery,
      response: answers(
        { 200: answer(ref(DataPage), { description: "A page." }) },
        "unauthorized",
        "bad-cursor",
        "invalid-query",
        "projection-unavailable",
      ),
    },
    handler: async ({ query: { limit = 100, after, order = "asc", flow, attribute, messageId, ...range } }) => {
      const filter = {
        ...(flow === undefined ? {} : { flow }),
        ...(attribute === undefined ? {} : { attribute }),
        ...(messageId === undefined ? {} : { messageId: messageId.toLowerCase() }),
        ...timeRangeOf(range),
      };
      const page = await collectPage<DataItem>({
        limit,
        after,
        clock,
        chunk: SMALL_CHUNK,
        read: (chunk) => projection.data(filter, { ...chunk, order }),
      });
      return { items: [...page.items], next: page.next };
    },
  });
};
