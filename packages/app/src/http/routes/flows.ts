/** Flows: reading and changing them. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import {
  FlowAt,
  FlowChangeHeaders,
  FlowInput,
  FlowListQuery,
  FlowPage,
  FlowQuery,
  FlowReadHeaders,
  FlowView,
  ref,
} from "@sluice/contracts";
import { type FlowCommand, FlowNotFound, type FlowState } from "@sluice/domain";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { definitionChecker } from "../../flows/check-definition.ts";
import { countersAt } from "../../flows/counters-at.ts";
import { flowAsOf } from "../../flows/flow-history.ts";
import { FlowConflict } from "../../flows/flow-registry.ts";
import { flowAtView, flowView } from "../../flows/flow-view.ts";
import { metadataOf } from "../auth.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { checkPreconditions, etagOf, isConditional, isUnchanged, preconditionFailed } from "../etag.ts";
import { momentOf } from "../moment.ts";
import { HttpProblem } from "../problems.ts";
import { answer, answers, headersOf } from "../responses.ts";
import type { AdminServices } from "../services.ts";

const tags = ["flows"];
export const FlowParams = Type.Object({ code: Type.String({ description: "The flow's code." }) });

const ETAG = { ETag: "The flow's version." };
const LOCATION = { ...ETAG, Location: "The flow's address." };
const CONDITIONAL =
  "Made only if the flow is as `If-Match` or `If-None-Match` says, where one of them is sent (RFC 9110, section 13).";

export const flowRoutes: FastifyPluginAsyncTypebox<
  Pick<
    AdminServices,
    "registry" | "store" | "validator" | "actionCounts" | "defaultTimeoutSeconds" | "checkEndpoint" | "clock"
  >
> = async (app, { registry, store, validator, actionCounts, defaultTimeoutSeconds, checkEndpoint, clock }) => {
  const check = definitionChecker(validator, { timeoutSeconds: defaultTimeoutSeconds }, checkEndpoint);
  /** The handler checks the whole definition at once, its meaning included. */
  const checkedByHandler = { validatorCompiler: () => (value: unknown) => ({ value }) };

  const viewOf = async (state: FlowState): Promise<FlowView> => {
    const counts = await actionCounts([state.code]);
    return flowView(state, counts.get(state.code) ?? []);
  };

  const send = async (reply: FastifyReply, state: FlowState, status: 200 | 201 = 200): Promise<FastifyReply> => {
    reply.code(status).header("etag", etagOf(state.version));
    if (status === 201) reply.header("location", `/api/v1/flows/${state.code}`);
    return reply.send(await viewOf(state));
  };

  /** @throws HttpProblem `bad-definition` */
  const definitionOf = (body: unknown, code?: string) => {
    const checked = check(body);
    const errors = checked.ok ? [] : [...checked.errors];
    const named = (body as { code?: unknown } | null)?.code;
    if (code !== undefined && typeof named === "string" && named !== code) {
      errors.push({ pointer: "/code", keyword: "const", message: `must be ${code}, as in the address` });
    }
    if (!checked.ok || errors.length > 0) throw new HttpProblem("bad-definition", { errors });
    return checked;
  };

  /** Makes the change on the version that the preconditions were checked on. */
  const execute = async (request: FastifyRequest, code: string, command: FlowCommand): Promise<FlowState> => {
    const { headers } = request;
    const version = registry.get(code)?.version ?? null;
    checkPreconditions(headers, version);
    try {
      return (await registry.execute(code, command, metadataOf(request), version ?? undefined)).state;
    } catch (error) {
      if (error instanceof FlowConflict && isConditional(headers)) throw preconditionFailed(error.message);
      throw error;
    }
  };

  const change = (request: FastifyRequest, code: string, command: FlowCommand): Promise<FlowState> => {
    registry.require(code);
    return execute(request, code, command);
  };

  app.route({
    method: "GET",
    url: "/api/v1/flows",
    schema: {
      operationId: "listFlows",
      summary: "Every flow, by code",
      tags,
      querystring: FlowListQuery,
      response: answers(
        { 200: answer(ref(FlowPage), { description: "A page." }) },
        "unauthorized",
        "bad-cursor",
        "invalid-query",
      ),
    },
    handler: async ({ query: { limit = 100, after } }) => {
      const last = after === undefined ? "" : decodeCursor("flows", after);
      const rest = registry.list().filter((state) => state.code > last);
      const page = rest.slice(0, limit);
      const counts = await actionCounts(page.map((state) => state.code));
      const end = page.at(-1);
      return {
        items: page.map((state) => flowView(state, counts.get(state.code) ?? [])),
        next: end !== undefined && rest.length > limit ? encodeCursor("flows", end.code) : null,
      };
    },
  });

  app.route({
    method: "POST",
    url: "/api/v1/flows",
    ...checkedByHandler,
    schema: {
      operationId: "createFlow",
      summary: "Create a flow",
      description: "A retired flow's code may be used again; its message numbers go on.",
      tags,
      body: ref(FlowInput),
      response: answers(
        { 201: answer(ref(FlowView), { description: "The flow.", headers: LOCATION }) },
        "unauthorized",
        "flow-exists",
        "flow-conflict",
        "payload-too-large",
        "unsupported-media-type",
        "bad-definition",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { definition, enabled = true } = definitionOf(request.body);
      const define = { kind: "define", definition, enabled } as const;
      const { state } = await registry.execute(definition.code, define, metadataOf(request));
      return send(reply, state, 201);
    },
  });

  app.route({
    method: "GET",
    url: "/api/v1/flows/:code",
    schema: {
      operationId: "getFlow",
      summary: "A flow as it is, or as it was",
      description: "With `If-None-Match`: 304 while the version is the same, whatever the counters are.",
      tags,
      params: FlowParams,
      headers: FlowReadHeaders,
      querystring: FlowQuery,
      response: answers(
        {
          200: answer(Type.Union([ref(FlowView), ref(FlowAt)]), {
            description: "The flow; with `at`, its definition, state and counters then.",
            headers: { ETag: "The flow's version; absent with `at`." },
          }),
          304: Type.Null({ description: "The version is the one of If-None-Match.", headers: headersOf(ETAG) }),
        },
        "unauthorized",
        "flow-not-found",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { code } = request.params;
      const { at } = request.query;
      if (at === undefined) {
        const state = registry.require(code);
        if (!isUnchanged(request.headers, state.version)) return send(reply, state);
        return reply.code(304).header("etag", etagOf(state.version)).send(null);
      }
      const moment = momentOf(at, store);
      const state = await flowAsOf(store, code, moment.includes);
      if (state.status === "undefined") throw new FlowNotFound(`flow ${code} did not exist then`);
      if (state.status === "retired") throw new FlowNotFound(`flow ${code} was retired at ${state.updatedAt}`);
      return reply.send({ ...flowAtView(state), ...(await countersAt(code, await moment.end(), { store, clock })) });
    },
  });

  app.route({
    method: "PUT",
    url: "/api/v1/flows/:code",
    ...checkedByHandler,
    schema: {
      operationId: "putFlow",
      summary: "Replace a flow's definition, or create it",
      description: `What the definition leaves out takes its default; \`enabled\` stays as it is. ${CONDITIONAL} \`If-None-Match: *\` only creates, \`If-Match: *\` only replaces.`,
      tags,
      params: FlowParams,
      headers: FlowChangeHeaders,
      body: ref(FlowInput),
      response: answers(
        {
          200: answer(ref(FlowView), { description: "The flow as it is now.", headers: ETAG }),
          201: answer(ref(FlowView), { description: "There was none: it was created.", headers: LOCATION }),
        },
        "unauthorized",
        "flow-conflict",
        "precondition-failed",
        "payload-too-large",
        "unsupported-media-type",
        "bad-definition",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { code } = request.params;
      const { definition, enabled } = definitionOf(request.body, code);
      if (registry.get(code) === undefined) {
        const define = { kind: "define", definition, enabled: enabled ?? true } as const;
        return send(reply, await execute(request, code, define), 201);
      }
      const revise = { kind: "revise", definition, ...(enabled === undefined ? {} : { enabled }) } as const;
      return send(reply, await execute(request, code, revise));
    },
  });

  app.route({
    method: "DELETE",
    url: "/api/v1/flows/:code",
    schema: {
      operationId: "retireFlow",
      summary: "Retire a flow",
      description: `It takes no messages any more; what it has received stays, and what it owes is still delivered. ${CONDITIONAL}`,
      tags,
      params: FlowParams,
      headers: FlowChangeHeaders,
      response: answers(
        { 204: Type.Null({ description: "It is retired." }) },
        "unauthorized",
        "flow-not-found",
        "flow-conflict",
        "precondition-failed",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      await change(request, request.params.code, { kind: "retire" });
      return reply.code(204).send(null);
    },
  });

  for (const kind of ["enable", "disable"] as const) {
    app.route({
      method: "POST",
      url: `/api/v1/flows/:code/${kind}`,
      schema: {
        operationId: `${kind}Flow`,
        summary: kind === "enable" ? "Take messages in again" : "Take no messages in for now",
        description: `Changes nothing when the flow is ${kind}d already. ${CONDITIONAL}`,
        tags,
        params: FlowParams,
        headers: FlowChangeHeaders,
        response: answers(
          { 200: answer(ref(FlowView), { description: "The flow as it is now.", headers: ETAG }) },
          "unauthorized",
          "flow-not-found",
          "flow-conflict",
          "precondition-failed",
          "log-unavailable",
        ),
      },
      handler: async (request, reply) => send(reply, await change(request, request.params.code, { kind })),
    });
  }
};
