/** The admin API. `buildHttpServer` never listens: the gateway does, and tests inject. */
import type { IncomingMessage } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { IdSource } from "@sluice/domain";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { withoutTokens } from "../access/token-secret.ts";
import { declareAccess } from "./access.ts";
import { auditChanges, shownPath } from "./audit.ts";
import { Doorkeeper, requireAccess } from "./auth.ts";
import { clientErrorHandler } from "./client-errors.ts";
import { addDocumentation } from "./documentation.ts";
import { hideEndpointSecrets } from "./endpoint-secrets.ts";
import { sendProblem } from "./problems.ts";
import { makeLimits } from "./rate-limits.ts";
import { requestValidator } from "./request-validation.ts";
import { checkpointRoutes } from "./routes/checkpoints.ts";
import { dataRoutes } from "./routes/data.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { eventRoutes } from "./routes/events.ts";
import { flowInspectionRoutes } from "./routes/flow-inspection.ts";
import { flowRollbackRoutes } from "./routes/flow-rollback.ts";
import { flowRoutes } from "./routes/flows.ts";
import { healthRoutes } from "./routes/health.ts";
import { liveRoutes } from "./routes/live.ts";
import { messageRoutes } from "./routes/messages.ts";
import { publishRoutes } from "./routes/publish.ts";
import { reloadRoutes } from "./routes/reload.ts";
import { replayRoutes } from "./routes/replays.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import type { AdminServices } from "./services.ts";
import { answerUnknownAddresses } from "./unknown-address.ts";

const BODY_BYTES = 1024 * 1024;
/** For a client to send its whole request: one that dawdles must not hold a connection for ever. */
const REQUEST_MS = 30_000;
/** As long as an address can be (Node's limit for all headers): a dead letter's id has an attribute's name in it. */
const PARAM_CHARACTERS = 16 * 1024;

const requestIds =
  (ids: IdSource) =>
  ({ headers }: IncomingMessage): string => {
    const given = headers["x-request-id"];
    const isGood = typeof given === "string" && /^[\w.:-]{1,100}$/.test(given);
    // It is logged and recorded: a token that came here by mistake is not.
    return isGood && withoutTokens(given) === given ? given : ids.next();
  };

declare module "fastify" {
  interface FastifyContextConfig {
    /** The body's text is kept beside what it was parsed to. */
    readonly keepText?: true;
  }
  interface FastifyRequest {
    /** Empty unless the route keeps it. */
    bodyText: string;
  }
}

/** JSON only. An empty body is none, whatever its type: clients name one out of habit. */
const takeJsonOnly = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.decorateRequest("bodyText", "");
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) => {
    if (request.routeOptions.config.keepText) request.bodyText = body;
    if (body === "") done(null, undefined);
    else parse(request, body, done);
  });
};

const addHeadersAndLog = (app: FastifyInstance): void => {
  app.addHook("onRequest", async ({ id, url }, reply) => {
    reply.headers({ "x-request-id": id, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    if (!url.startsWith("/documentation")) reply.header("cache-control", "no-store");
  });
  app.addHook("onResponse", async ({ log, method, url }, { statusCode, elapsedTime }) => {
    log.debug({ method, path: shownPath(url), statusCode, ms: Math.round(elapsedTime) }, "answered");
  });
};

export const buildHttpServer = async (services: AdminServices): Promise<FastifyInstance> => {
  const app: FastifyInstance = Fastify({
    loggerInstance: services.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIds(services.ids),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    // What is asked while the server closes is still answered: the stores close after it.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAM_CHARACTERS, ignoreTrailingSlash: true },
    frameworkErrors: sendProblem,
    clientErrorHandler: clientErrorHandler(services.ids, services.log),
  });
  addHeadersAndLog(app);
  declareAccess(app);
  requireAccess(app, new Doorkeeper(services, await makeLimits(app, services.rateLimits)));
  hideEndpointSecrets(app);
  auditChanges(app, services.audit);
  app.setErrorHandler(sendProblem);
  app.setValidatorCompiler(requestValidator(services.validator));
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  takeJsonOnly(app);
  answerUnknownAddresses(app);
  await addDocumentation(app);

  const typed = app.withTypeProvider<TypeBoxTypeProvider>();
  await typed.register(healthRoutes, services);
  await typed.register(flowRoutes, services);
  await typed.register(flowInspectionRoutes, services);
  await typed.register(flowRollbackRoutes, services);
  await typed.register(eventRoutes, services);
  await typed.register(liveRoutes, services);
  await typed.register(messageRoutes, services);
  await typed.register(dataRoutes, services);
  await typed.register(deadLetterRoutes, services);
  await typed.register(publishRoutes, services);
  await typed.register(reloadRoutes, services);
  await typed.register(replayRoutes, services);
  await typed.register(tokenRoutes, services);
  await typed.register(checkpointRoutes, services);
  await app.ready();
  return app;
};
