/** Dead letters: deliveries and rows that were given up on. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import {
  type DeadLetter,
  DeadLetterCommand,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterReason,
  DeadLetterResult,
  ref,
} from "@sluice/contracts";
import { Type } from "typebox";
import { settleDeadLetters } from "../../deadletters/dead-letter-commands.ts";
import { metadataOf } from "../auth.ts";
import { collectPage, SMALL_CHUNK } from "../collect-page.ts";
import { HttpProblem, invalidQuery } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

const tags = ["dead letters"];
const LetterParams = Type.Object({ id: Type.String({ description: "The letter's id, percent-encoded." }) });

const MEANING = {
  retry: "It is pending again: the delivery is made, or the row stored, as if for the first time.",
  discard: "It is given up for good, and counted as discarded.",
};

export const deadLetterRoutes: FastifyPluginAsyncTypebox<
  Pick<AdminServices, "store" | "projection" | "clock" | "log">
> = async (app, services) => {
  const { projection, clock } = services;

  app.route({
    method: "GET",
    url: "/api/v1/dead-letters",
    schema: {
      operationId: "listDeadLetters",
      summary: "What was given up on",
      description: "In the order in which they died first.",
      tags,
      querystring: DeadLetterQuery,
      response: answers(
        { 200: answer(ref(DeadLetterPage), { description: "A page." }) },
        "unauthorized",
        "bad-cursor",
        "invalid-query",
        "projection-unavailable",
      ),
    },
    handler: async ({ query: { limit = 100, after, order = "asc", ...filter } }) => {
      const page = await collectPage<DeadLetter>({
        limit,
        after,
        clock,
        chunk: SMALL_CHUNK,
        read: (chunk) => projection.deadLetters(filter, { ...chunk, order }),
      });
      return { items: [...page.items], next: page.next };
    },
  });

  const result = { 200: answer(ref(DeadLetterResult), { description: "How many it has settled." }) };
  for (const kind of ["retry", "discard"] as const) {
    app.route({
      method: "POST",
      url: `/api/v1/dead-letters/${kind}`,
      schema: {
        operationId: `${kind}DeadLetters`,
        summary: kind === "retry" ? "Retry dead letters" : "Discard dead letters",
        description: `${MEANING[kind]} All that are dead when the request comes; those that die meanwhile are left.`,
        tags,
        body: ref(DeadLetterCommand),
        response: answers(
          result,
          "unauthorized",
          "payload-too-large",
          "unsupported-media-type",
          "invalid-query",
          "log-unavailable",
          "projection-unavailable",
        ),
      },
      handler: async (request) => {
        const { reason, ...letters } = request.body;
        if (letters.ids === undefined && letters.filter === undefined) {
          throw invalidQuery({ pointer: "", keyword: "anyOf", message: "`ids` or `filter` is needed, or both" });
        }
        const metadata = metadataOf(request);
        const { count } = await settleDeadLetters(services, { kind, letters, reason, metadata });
        return { count };
      },
    });

    app.route({
      method: "POST",
      url: `/api/v1/dead-letters/:id/${kind}`,
      schema: {
        operationId: `${kind}DeadLetter`,
        summary: kind === "retry" ? "Retry one dead letter" : "Discard one dead letter",
        description: MEANING[kind],
        tags,
        params: LetterParams,
        body: Type.Union([ref(DeadLetterReason), Type.Null()]),
        response: answers(
          result,
          "unauthorized",
          "dead-letter-not-found",
          "payload-too-large",
          "unsupported-media-type",
          "invalid-query",
          "log-unavailable",
          "projection-unavailable",
        ),
      },
      handler: async (request) => {
        const { params, body } = request;
        const metadata = metadataOf(request);
        const letters = { ids: [params.id] };
        const settled = await settleDeadLetters(services, { kind, letters, reason: body?.reason, metadata });
        if (settled.found === 0) throw new HttpProblem("dead-letter-not-found");
        return { count: settled.count };
      },
    });
  }
};
