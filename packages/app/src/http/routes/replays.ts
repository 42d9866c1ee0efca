/** Replays: messages of the log, decided again. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Replay, ReplayInput, ReplayPage, ReplayQuery, ref } from "@sluice/contracts";
import { Type } from "typebox";
import { definitionChecker } from "../../flows/check-definition.ts";
import { BadReplay, orderOf } from "../../replay/replay-order.ts";
import { metadataOf } from "../auth.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { HttpProblem, invalidQuery } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { timeRangeOf } from "../time-range.ts";

const tags = ["replays"];
const ReplayParams = Type.Object({ id: Type.String({ description: "The replay's id." }) });

export const replayRoutes: FastifyPluginAsyncTypebox<
  Pick<AdminServices, "registry" | "validator" | "defaultTimeoutSeconds" | "checkEndpoint" | "replays">
> = async (app, { registry, validator, defaultTimeoutSeconds, checkEndpoint, replays }) => {
  const check = definitionChecker(validator, { timeoutSeconds: defaultTimeoutSeconds }, checkEndpoint);

  app.route({
    method: "POST",
    url: "/api/v1/replays",
    schema: {
      operationId: "requestReplay",
      summary: "Replay what the log holds",
      description:
        "re-drive: the flow's rejected messages are decided again, and those that are accepted now are stored and " +
        "forwarded. backfill: a flow, or an action of it, gets messages that the log has already. what-if: a definition is " +
        "tried on them; nothing is recorded, stored or sent. Of these three, nothing that was recorded after the request is " +
        "looked at, and what has been done is not done twice. rebuild: the rows, the dead rows and the counts are made anew " +
        "from the log beside those that there are, compared with them, and put in their place. rollback: what was there " +
        "before a rebuild comes back.",
      tags,
      body: ref(ReplayInput),
      response: answers(
        {
          202: answer(ref(Replay), {
            description: "It is recorded, and is done when its turn comes.",
            headers: { location: "Where to look how far it is." },
          }),
        },
        "flow-not-found",
        "payload-too-large",
        "unsupported-media-type",
        "bad-definition",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { from, to, ...rest } = request.body;
      const order = await orderOrProblem({ ...rest, ...timeRangeOf({ from, to }) });
      const replay = await replays.request(order, metadataOf(request));
      return reply.code(202).header("location", `/api/v1/replays/${replay.id}`).send(replay);
    },
  });

  const orderOrProblem = async (input: ReplayInput) => {
    const lastSwitch = input.kind === "rollback" ? await replays.lastSwitch() : null;
    try {
      return orderOf(input, { registry, check, lastSwitch });
    } catch (error) {
      if (!(error instanceof BadReplay)) throw error;
      const { part, errors } = error;
      throw part === "definition" ? new HttpProblem("bad-definition", { errors }) : invalidQuery(...errors);
    }
  };

  app.route({
    method: "GET",
    url: "/api/v1/replays",
    schema: {
      operationId: "listReplays",
      summary: "Replays, those that have ended too",
      description: "The newest first.",
      tags,
      querystring: ReplayQuery,
      response: answers(
        { 200: answer(ref(ReplayPage), { description: "A page." }) },
        "bad-cursor",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async ({ query: { limit = 100, after } }) => {
      const page = await replays.list(limit, after === undefined ? undefined : decodeCursor("replays", after));
      return { items: [...page.items], next: page.next === null ? null : encodeCursor("replays", page.next) };
    },
  });

  for (const method of ["GET", "DELETE"] as const) {
    app.route({
      method,
      url: "/api/v1/replays/:id",
      schema: {
        operationId: method === "GET" ? "getReplay" : "cancelReplay",
        summary: method === "GET" ? "How far a replay is, and what came of it" : "Cancel a replay",
        ...(method === "GET"
          ? {}
          : {
              description:
                "What it has done stays done. One that has ended stays as it ended, and listed; and a rebuild or a rollback " +
                "whose change to the tables is being made completes.",
            }),
        tags,
        params: ReplayParams,
        response: answers(
          { 200: answer(ref(Replay), { description: "The replay." }) },
          "replay-not-found",
          "log-unavailable",
        ),
      },
      handler: async (request) => {
        const { params } = request;
        const metadata = metadataOf(request);
        const replay = await (method === "GET" ? replays.get(params.id) : replays.cancel(params.id, metadata));
        if (replay === undefined) throw new HttpProblem("replay-not-found");
        return replay;
      },
    });
  }
};
