/** Signed checkpoints of the event log, to be kept elsewhere. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { CheckpointPage, CheckpointQuery, CheckpointView, ref } from "@sluice/contracts";
import { HttpProblem } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

export const checkpointRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "checkpoints">> = async (
  app,
  { checkpoints },
) => {
  app.route({
    method: "GET",
    url: "/api/v1/checkpoints",
    schema: {
      operationId: "listCheckpoints",
      summary: "Signed checkpoints of the event log, the newest first",
      description:
        "Each is the head of the Merkle tree over the log at one size; `sluice verify` checks the log against it.",
      tags: ["log"],
      querystring: CheckpointQuery,
      response: answers(
        { 200: answer(ref(CheckpointPage), { description: "A page." }) },
        "unauthorized",
        "bad-cursor",
        "invalid-query",
        "seals-unavailable",
      ),
    },
    handler: async ({ query: { limit = 100, after } }) => checkpoints.list(limit, after),
  });

  app.route({
    method: "GET",
    url: "/api/v1/checkpoints/latest",
    schema: {
      operationId: "latestCheckpoint",
      summary: "The newest checkpoint",
      tags: ["log"],
      response: answers(
        { 200: answer(ref(CheckpointView), { description: "The checkpoint." }) },
        "unauthorized",
        "checkpoint-not-found",
        "seals-unavailable",
      ),
    },
    handler: async () => {
      const latest = await checkpoints.latest();
      if (latest === null) throw new HttpProblem("checkpoint-not-found");
      return latest;
    },
  });

  app.route({
    method: "POST",
    url: "/api/v1/checkpoints",
    schema: {
      operationId: "makeCheckpoint",
      summary: "Sign what is sealed of the log now",
      description:
        "Sealing follows the log by moments: `size` and `position` say how far it has come. Keep `note` where whoever can " +
        "write to this machine cannot.",
      tags: ["log"],
      response: answers(
        { 201: answer(ref(CheckpointView), { description: "The checkpoint." }) },
        "unauthorized",
        "seals-unavailable",
      ),
    },
    handler: async (_request, reply) => reply.code(201).send(await checkpoints.make()),
  });
};
