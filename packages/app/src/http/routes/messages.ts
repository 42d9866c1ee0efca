/** One message, whatever became of it. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { MessageStory, ref } from "@sluice/contracts";
import { Type } from "typebox";
import { tellStory } from "../../messages/message-story.ts";
import { HttpProblem } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

const MessageParams = Type.Object({ messageId: Type.String({ description: "The message's id, a UUID." }) });

export const messageRoutes: FastifyPluginAsyncTypebox<
  Pick<AdminServices, "store" | "projection" | "registry" | "stores">
> = async (app, services) => {
  app.route({
    method: "GET",
    url: "/api/v1/messages/:messageId",
    schema: {
      operationId: "getMessage",
      summary: "One message's whole story",
      description:
        "What was received; which flows it matched, and which nearly; with which version of its definition each decided, " +
        "and what; the rows that it led to and where they are; every attempt of every delivery; and what is still to be done.",
      tags: ["log"],
      params: MessageParams,
      response: answers(
        { 200: answer(ref(MessageStory), { description: "The story." }) },
        "unauthorized",
        "message-not-found",
        "log-unavailable",
        "projection-unavailable",
      ),
    },
    handler: async ({ params }) => {
      const story = await tellStory(params.messageId.toLowerCase(), services);
      if (story === null) throw new HttpProblem("message-not-found");
      return story;
    },
  });
};
