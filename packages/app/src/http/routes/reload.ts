/** Reading the tables of flows and brokers at once, instead of at the next interval. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { ReloadResult, ref } from "@sluice/contracts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

export const reloadRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "reload">> = async (app, { reload }) => {
  app.route({
    method: "POST",
    url: "/api/v1/reload",
    schema: {
      operationId: "reload",
      summary: "Read the tables of flows and brokers now",
      description:
        "Without it they are read every FLOWS_RELOAD_INTERVAL_SECONDS. It answers when the changes that it found are made.",
      tags: ["operation"],
      response: answers(
        { 200: answer(ref(ReloadResult), { description: "What has changed." }) },
        "unauthorized",
        "log-unavailable",
        "projection-unavailable",
      ),
    },
    handler: async () => reload(),
  });
};
