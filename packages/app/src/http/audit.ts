/** Each request that may have changed something, in the log before it is answered. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AuditTrail } from "../access/audit-trail.ts";
import { withoutTokens } from "../access/token-secret.ts";
import { metadataOf } from "./auth.ts";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);
const PATH_CHARACTERS = 500;
/** What is refused is counted where it is refused. */
const REFUSED = new Set([401, 403, 429]);

const changes = ({ method, is404, routeOptions, principal }: FastifyRequest): boolean =>
  !is404 && principal !== null && !READING.has(method) && routeOptions.config.changes !== false;

/** The path as it can be shown: without the query, and without tokens. */
export const shownPath = (url: string): string =>
  withoutTokens(url.split("?", 1)[0] as string).slice(0, PATH_CHARACTERS);

/** To be called before any route is added. */
export const auditChanges = (app: FastifyInstance, audit: Pick<AuditTrail, "request">): void => {
  app.addHook("onSend", async (request, { statusCode: status }, payload) => {
    if (REFUSED.has(status) || !changes(request)) return payload;
    const { method, routeOptions, url, ip: remoteAddress } = request;
    const data = { method, route: routeOptions.url ?? "", path: shownPath(url), status, remoteAddress };
    await audit.request(data, metadataOf(request));
    return payload;
  });
};
