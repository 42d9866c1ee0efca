/** Dead letters: deliveries and rows that were given up on. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import {
  type DeadLetter,
  DeadLetterCauseQuery,
  DeadLetterCauses,
  DeadLetterCommand,
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterReason,
  DeadLetterResult,
  DeadLetterRetry,
  ref,
} from "@sluice/contracts";
import { Type } from "typebox";
import { findLetter, retryEdited, type Settlement, settleDeadLetters } from "../../deadletters/dead-letter-commands.ts";
import { detailOf } from "../../deadletters/letter-detail.ts";
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
  Pick<AdminServices, "store" | "projection" | "registry" | "clock" | "log" | "maxPayloadBytes">
> = async (app, services) => {
  const { store, projection, registry, clock, maxPayloadBytes } = services;
  const definitionOf = (flow: string) => registry.entry(flow)?.state.definition ?? null;

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

  app.route({
    method: "GET",
    url: "/api/v1/dead-letters/causes",
    schema: {
      operationId: "listDeadLetterCauses",
      summary: "What dead letters have in common",
      description:
        "Dead letters by kind, flow, action, attribute and cause, which is their reason without what varies; the most " +
        "numerous first. The cause is a filter of listing, retrying and discarding.",
      tags,
      querystring: DeadLetterCauseQuery,
      response: answers(
        { 200: answer(ref(DeadLetterCauses), { description: "The causes." }) },
        "unauthorized",
        "invalid-query",
        "projection-unavailable",
      ),
    },
    handler: async ({ query: { limit = 50, ...filter } }) => {
      const found = await projection.deadLetterCauses(filter, limit + 1);
      return { items: found.slice(0, limit), more: found.length > limit };
    },
  });

  app.route({
    method: "GET",
    url: "/api/v1/dead-letters/:id",
    schema: {
      operationId: "getDeadLetter",
      summary: "One dead letter with what it is about",
      description:
        "The message as it was received, what a retry would post or store, the last failed attempts, and the edits so " +
        "far with their authors.",
      tags,
      params: LetterParams,
      response: answers(
        { 200: answer(ref(DeadLetterDetail), { description: "The letter." }) },
        "unauthorized",
        "dead-letter-not-found",
        "log-unavailable",
        "projection-unavailable",
      ),
    },
    handler: async ({ params }) => {
      const letter = await findLetter(services, params.id);
      if (letter === null) throw new HttpProblem("dead-letter-not-found");
      return detailOf(letter, { store, definitionOf });
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
  }

  const ofOne = answers(
    result,
    "unauthorized",
    "dead-letter-not-found",
    "payload-too-large",
    "unsupported-media-type",
    "invalid-query",
    "log-unavailable",
    "projection-unavailable",
  );
  const settleOne = async (id: string, settlement: Omit<Settlement, "letters">) => {
    const settled = await settleDeadLetters(services, { ...settlement, letters: { ids: [id] } });
    if (settled.found === 0) throw new HttpProblem("dead-letter-not-found");
    return { count: settled.count };
  };

  app.route({
    method: "POST",
    url: "/api/v1/dead-letters/:id/retry",
    config: { keepText: true },
    schema: {
      operationId: "retryDeadLetter",
      summary: "Retry one dead letter, as it is or edited",
      description:
        `${MEANING.retry} With \`edit\` another body is posted, by this and every later attempt, with an Idempotency-Key ` +
        "of its own; or another row is stored, under the id of the event that has the edit. What was received stays in the " +
        "log as it was. A `count` of 0: it was settled already, and the edit was not taken.",
      tags,
      params: LetterParams,
      body: Type.Union([ref(DeadLetterRetry), Type.Null()]),
      response: ofOne,
    },
    handler: async (request) => {
      const { params, body, bodyText: text } = request;
      const { edit, reason } = body ?? {};
      const metadata = metadataOf(request);
      if (edit === undefined) return settleOne(params.id, { kind: "retry", reason, metadata });
      const letter = await findLetter(services, params.id);
      if (letter === null) throw new HttpProblem("dead-letter-not-found");
      return { count: await retryEdited(services, letter, { edit, text, maxPayloadBytes }, { reason, metadata }) };
    },
  });

  app.route({
    method: "POST",
    url: "/api/v1/dead-letters/:id/discard",
    schema: {
      operationId: "discardDeadLetter",
      summary: "Discard one dead letter",
      description: MEANING.discard,
      tags,
      params: LetterParams,
      body: Type.Union([ref(DeadLetterReason), Type.Null()]),
      response: ofOne,
    },
    handler: async (request) => {
      const { params, body } = request;
      return settleOne(params.id, { kind: "discard", reason: body?.reason, metadata: metadataOf(request) });
    },
  });
};
