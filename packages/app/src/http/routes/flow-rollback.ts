/** Going back to a definition that a flow had. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { FlowRollbackHeaders, FlowView, RollbackInput, ref } from "@sluice/contracts";
import { definitionChecker } from "../../flows/check-definition.ts";
import { flowAsOf } from "../../flows/flow-history.ts";
import { FlowConflict } from "../../flows/flow-registry.ts";
import { flowView } from "../../flows/flow-view.ts";
import { metadataOf } from "../auth.ts";
import { checkPreconditions, etagOf, isConditional, preconditionFailed } from "../etag.ts";
import { HttpProblem, invalidQuery } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { FlowParams } from "./flows.ts";

const noSuchVersion = (message: string): HttpProblem =>
  invalidQuery({ pointer: "/version", keyword: "maximum", message });

export const flowRollbackRoutes: FastifyPluginAsyncTypebox<
  Pick<AdminServices, "registry" | "store" | "validator" | "actionCounts" | "defaultTimeoutSeconds" | "checkEndpoint">
> = async (app, { registry, store, validator, actionCounts, defaultTimeoutSeconds, checkEndpoint }) => {
  const check = definitionChecker(validator, { timeoutSeconds: defaultTimeoutSeconds }, checkEndpoint);

  app.route({
    method: "POST",
    url: "/api/v1/flows/:code/rollback",
    schema: {
      operationId: "rollbackFlow",
      summary: "Give a flow a definition back that it had",
      description:
        "The definition becomes that of the version, as a new version, whose event says in its metadata which one it went " +
        "back to. Whether the flow is enabled stays as it is. Changes nothing when the definition is that one already. Made " +
        "only if the flow is as `If-Match` says, where it is sent (RFC 9110, section 13).",
      tags: ["flows"],
      params: FlowParams,
      headers: FlowRollbackHeaders,
      body: ref(RollbackInput),
      response: answers(
        {
          200: answer(ref(FlowView), {
            description: "The flow as it is now.",
            headers: { ETag: "The flow's version." },
          }),
        },
        "unauthorized",
        "flow-not-found",
        "flow-conflict",
        "precondition-failed",
        "payload-too-large",
        "unsupported-media-type",
        "bad-definition",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { code } = request.params;
      const { version } = request.body;
      const now = registry.require(code);
      checkPreconditions(request.headers, now.version);
      if (version > now.version) throw noSuchVersion(`flow ${code} is at version ${now.version}`);
      const then = await flowAsOf(store, code, (event) => event.version <= version);
      if (then.status === "retired") throw noSuchVersion(`flow ${code} was retired in version ${version}`);
      const checked = check(then.definition);
      if (!checked.ok) throw new HttpProblem("bad-definition", { errors: checked.errors });
      const command = { kind: "revise", definition: checked.definition } as const;
      const metadata = { ...metadataOf(request), rolledBackTo: version };
      try {
        const { state } = await registry.execute(code, command, metadata, now.version);
        const counts = await actionCounts([code]);
        return reply.header("etag", etagOf(state.version)).send(flowView(state, counts.get(code) ?? []));
      } catch (error) {
        if (error instanceof FlowConflict && isConditional(request.headers)) throw preconditionFailed(error.message);
        throw error;
      }
    },
  });
};
