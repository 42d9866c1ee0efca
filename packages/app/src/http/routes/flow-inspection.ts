/** Flows: what one would do, and what was done to one. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { FlowHistoryPage, FlowHistoryQuery, FlowTestRequest, FlowTestResult, ref } from "@sluice/contracts";
import { BadCursor, FlowNotFound } from "@sluice/domain";
import { readHistory } from "../../flows/flow-history.ts";
import { testFlow } from "../../flows/flow-tester.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { FlowParams } from "./flows.ts";

const tags = ["flows"];

const versionAfter = (after: string): number => {
  const version = decodeCursor("history", after);
  if (!/^\d{1,15}$/.test(version)) throw new BadCursor("not a version");
  return Number(version);
};

export const flowInspectionRoutes: FastifyPluginAsyncTypebox<
  Pick<AdminServices, "registry" | "store" | "codec" | "validator" | "ids" | "clock">
> = async (app, { registry, store, codec, validator, ids, clock }) => {
  app.route({
    method: "POST",
    url: "/api/v1/flows/:code/test",
    schema: {
      operationId: "testFlow",
      summary: "What one sample message would do, without doing it",
      description: "Nothing is recorded, stored or sent. A disabled flow is tested as if it were enabled.",
      tags,
      params: FlowParams,
      body: ref(FlowTestRequest),
      response: answers(
        { 200: answer(ref(FlowTestResult), { description: "What it would do." }) },
        "unauthorized",
        "flow-not-found",
        "payload-too-large",
        "unsupported-media-type",
        "invalid-query",
      ),
    },
    handler: async ({ params, body }) => {
      const state = registry.require(params.code);
      return testFlow({ codec, validator, ids, clock, retained: registry.retained }, state, body);
    },
  });

  app.route({
    method: "GET",
    url: "/api/v1/flows/:code/history",
    schema: {
      operationId: "flowHistory",
      summary: "Who changed what, and when",
      description: "The newest change is last. A retired flow's history stays.",
      tags,
      params: FlowParams,
      querystring: FlowHistoryQuery,
      response: answers(
        { 200: answer(ref(FlowHistoryPage), { description: "A page." }) },
        "unauthorized",
        "flow-not-found",
        "bad-cursor",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async ({ params: { code }, query: { limit = 100, after } }) => {
      const version = after === undefined ? 0 : versionAfter(after);
      const { items, next } = await readHistory(store, code, { limit, after: version });
      if (items.length === 0 && version === 0) throw new FlowNotFound(`there never was a flow ${code}`);
      return { items: [...items], next: next === null ? null : encodeCursor("history", `${next}`) };
    },
  });
};
