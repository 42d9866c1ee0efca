/** How the gateway is: for people, load balancers and Prometheus. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { HealthReport, Liveness, type Readiness, Readiness as ReadinessSchema, ref } from "@sluice/contracts";
import { Type } from "typebox";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

const tags = ["operation"];

const statusOf = (status: HealthReport["status"]): 200 | 503 => (status === "unhealthy" ? 503 : 200);

export const healthRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "health" | "metrics">> = async (
  app,
  { health, metrics },
) => {
  app.route({
    method: "GET",
    url: "/health/live",
    schema: {
      operationId: "live",
      summary: "Whether the process answers",
      description: "Restart the process when this fails.",
      tags,
      response: answers({ 200: answer(ref(Liveness), { description: "It does." }) }),
    },
    handler: async () => ({ status: "healthy" as const }),
  });

  const readiness = ref(ReadinessSchema);
  app.route({
    method: "GET",
    url: "/health/ready",
    schema: {
      operationId: "ready",
      summary: "Whether messages are being taken in",
      description: "Ready while the event log can be written and every broker is connected.",
      tags,
      response: answers({
        200: answer(readiness, { description: "Ready." }),
        503: answer(readiness, { description: "Not ready, or not any more." }),
      }),
    },
    handler: async (_request, reply) => {
      const { status, reasons } = await health();
      const body: Readiness = { ready: status !== "unhealthy", status, reasons };
      return reply.code(statusOf(status)).send(body);
    },
  });

  const report = ref(HealthReport);
  app.route({
    method: "GET",
    url: "/health",
    schema: {
      operationId: "health",
      summary: "How the broker, the log, the sinks and the queues are",
      description: "With every reason why it is not healthy; the details are for people and dashboards.",
      tags,
      response: answers({
        200: answer(report, { description: "Healthy, or degraded: messages are safe, but something needs a look." }),
        503: answer(report, { description: "Unhealthy: messages cannot be taken in." }),
      }),
    },
    handler: async (_request, reply) => {
      const body = await health();
      return reply.code(statusOf(body.status)).send(body);
    },
  });

  app.route({
    method: "GET",
    url: "/metrics",
    schema: {
      operationId: "metrics",
      summary: "Metrics for Prometheus",
      description: "From the gateway's own machine no token is needed.",
      tags,
      response: answers(
        { 200: answer(Type.String(), { description: "Prometheus text format.", mediaType: "text/plain" }) },
        "unauthorized",
      ),
    },
    handler: async (_request, reply) => {
      const { contentType, body } = await metrics();
      return reply.type(contentType).send(body);
    },
  });
};
