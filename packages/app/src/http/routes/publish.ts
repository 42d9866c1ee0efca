/** Publishing to a broker through the durable queue. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { PublishInput, type PublishProperties, PublishResult, PublishStatus, ref } from "@sluice/contracts";
import type { Clock, PublishOutcome, PublishReceipt } from "@sluice/domain";
import { HttpProblem, invalidQuery } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

const tags = ["publishing"];
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DEFAULT_TIMEOUT_SECONDS = 10;

const payloadOf = ({ payload, payloadBase64 }: PublishInput): Uint8Array => {
  if (payloadBase64 === undefined) return Buffer.from(payload ?? "", "utf8");
  if (payload !== undefined) {
    throw invalidQuery({ pointer: "/payloadBase64", keyword: "not", message: "is instead of `payload`, not with it" });
  }
  if (!BASE64.test(payloadBase64)) {
    throw invalidQuery({ pointer: "/payloadBase64", keyword: "encoding", message: "must be base64" });
  }
  return Buffer.from(payloadBase64, "base64");
};

/** The outcome, or `pending` when the time is over. */
const outcomeWithin = async (receipt: PublishReceipt, ms: number): Promise<PublishOutcome> => {
  const over = Promise.withResolvers<PublishOutcome>();
  const timer = setTimeout(() => over.resolve({ state: "pending" }), ms);
  try {
    return await Promise.race([receipt.outcome, over.promise]);
  } finally {
    clearTimeout(timer);
  }
};

export const publishRoutes: FastifyPluginAsyncTypebox<
  Pick<AdminServices, "publishing"> & { readonly clock: Clock }
> = async (app, { publishing, clock }) => {
  const result = ref(PublishResult);
  app.route({
    method: "POST",
    url: "/api/v1/publish",
    schema: {
      operationId: "publish",
      summary: "Publish a message to a broker",
      description:
        "It is answered when the message is on disk, and goes out when the broker is there: the highest priority " +
        "first, then what was published first.",
      tags,
      body: ref(PublishInput),
      response: answers(
        {
          200: answer(result, { description: "Sent (QoS 0), or acknowledged by the broker (`wait`)." }),
          202: answer(result, { description: "Queued." }),
        },
        "unauthorized",
        "payload-too-large",
        "unsupported-media-type",
        "invalid-query",
        "publish-failed",
        "publish-queue-full",
        "publish-unavailable",
      ),
    },
    handler: async ({ body }, reply) => {
      const { topic, qos, retain, priority, properties, wait = false } = body;
      const { broker, receipt } = await publishing.publish(body.broker, {
        topic,
        payload: payloadOf(body),
        ...(qos !== undefined && { qos }),
        ...(retain !== undefined && { retain }),
        ...(priority !== undefined && { priority }),
        ...(properties !== undefined && { properties: properties as PublishProperties }),
      });
      const { id, state, reason } = receipt;
      if (state === "refused") throw new HttpProblem("publish-queue-full", { detail: reason ?? "" });
      const of = { id, broker, topic };
      if (state === "sent") return reply.code(200).send({ ...of, state });
      if (!wait) return reply.code(202).send({ ...of, state });
      const outcome = await outcomeWithin(receipt, (body.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1_000);
      if (outcome.state === "pending") return reply.code(202).send({ ...of, state: "queued" as const });
      if (outcome.state === "sent") return reply.code(200).send({ ...of, state: outcome.state });
      if (outcome.state !== "acknowledged") {
        throw new HttpProblem("publish-failed", { detail: `${outcome.state}: ${outcome.reason}` });
      }
      return reply.code(200).send({ ...of, state: outcome.state, reasonCode: outcome.reasonCode });
    },
  });

  app.route({
    method: "GET",
    url: "/api/v1/publish",
    schema: {
      operationId: "publishStatus",
      summary: "What waits to be published, and how the publishers are",
      tags,
      response: answers(
        { 200: answer(ref(PublishStatus), { description: "Now." }) },
        "unauthorized",
        "publish-unavailable",
      ),
    },
    handler: async () => {
      const { queue, publishers, stray } = await publishing.status();
      const { total, byPriority, oldest, capacityUsedPercent } = queue;
      return {
        queue: {
          total,
          byPriority: Object.fromEntries([...byPriority].map(([priority, count]) => [`${priority}`, count])),
          oldestAgeSeconds: oldest === null ? null : Math.max(0, (clock.now() - oldest) / 1_000),
          capacityUsedPercent,
        },
        publishers: publishers.map(({ name, queue: _, connects: __, ...publisher }) => ({
          broker: name,
          ...publisher,
          lost: { ...publisher.lost } as PublishStatus["publishers"][number]["lost"],
        })),
        stray: stray.map((one) => ({ ...one })),
      };
    },
  });
};
