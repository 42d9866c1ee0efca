/** Stored attributes. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { DataItem, DataPage, DataQuery, ref } from "@sluice/contracts";
import { Type } from "typebox";
import { collectPage, SMALL_CHUNK } from "../collect-page.ts";
import { HttpProblem } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { timeRangeOf } from "../time-range.ts";

const RowParams = Type.Object({ id: Type.String({ description: "The row's `id` in the table `data`." }) });

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
    handler: async ({
      query: { limit = 100, after, order = "asc", flow, attribute, messageId, eventId, ...range },
    }) => {
      const filter = {
        ...(flow === undefined ? {} : { flow }),
        ...(attribute === undefined ? {} : { attribute }),
        ...(messageId === undefined ? {} : { messageId: messageId.toLowerCase() }),
        ...(eventId === undefined ? {} : { eventId: eventId.toLowerCase() }),
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

  app.route({
    method: "GET",
    url: "/api/v1/data/:id",
    schema: {
      operationId: "getData",
      summary: "One stored attribute",
      description:
        "By the id of its row, as queries of the table `data` show it. `messageId` leads to its message's story, where " +
        "`eventId` is among the events; both are null in a row that the older gateway wrote.",
      tags: ["data"],
      params: RowParams,
      response: answers(
        { 200: answer(ref(DataItem), { description: "The row." }) },
        "unauthorized",
        "row-not-found",
        "projection-unavailable",
      ),
    },
    handler: async ({ params }) => {
      const item = await projection.row(params.id);
      if (item === null) throw new HttpProblem("row-not-found");
      return item;
    },
  });
};
