/**
 * Who asks, and whether they may: a bearer token (RFC 6750) of a role that suffices, and not too often. What is refused
 * here is counted by the audit trail.
 *
 * An address from which too many tokens were wrong is not asked for another ADMIN_TOKEN, right or wrong, until a minute
 * is over: people may have chosen it, so that it could be guessed. Other tokens cannot be guessed, and go on to be good
 * there, so that nobody is locked out by a neighbour who tries.
 */
import { BlockList, isIPv6 } from "node:net";
import type { EventMetadata, ProblemCode, RefusalReason } from "@sluice/contracts";
import { isRoleEnough } from "@sluice/domain";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Principal } from "../access/access-tokens.ts";
import { tokenIdOf } from "../access/token-secret.ts";
import { HttpProblem } from "./problems.ts";
import type { Limit, Limits } from "./rate-limits.ts";
import type { AdminServices } from "./services.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Null where no token was needed. */
    principal: Principal | null;
  }
}

/** What the log is told of a change: who asked for it, and by which request. */
export const metadataOf = ({ principal, id }: FastifyRequest): EventMetadata => ({
  ...(principal === null ? {} : { actor: principal.actor }),
  requestId: id,
});

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** The peer itself, and not a proxy on this machine that forwards from anywhere. */
const isFromLoopback = ({ socket, headers }: FastifyRequest): boolean => {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined || "forwarded" in headers || "x-forwarded-for" in headers) return false;
  return loopback.check(remoteAddress, isIPv6(remoteAddress) ? "ipv6" : "ipv4");
};

/** What is not under /api and leads nowhere may be told to anyone that it does. */
const leadsNowhere = ({ is404, url }: FastifyRequest): boolean => is404 && !url.startsWith("/api");

const tokenOf = ({ headers }: FastifyRequest): string | null =>
  /^bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1]?.trimEnd() ?? null;

/** Of the address that was matched, so that nothing of what was asked is in it. */
export const routeOf = ({ method, routeOptions, is404 }: FastifyRequest): string =>
  `${method} ${is404 ? "*" : (routeOptions.url ?? "*")}`;

const codes: Readonly<Record<RefusalReason, ProblemCode>> = {
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  "rate-limited": "rate-limited",
};

export class Doorkeeper {
  readonly #services: Pick<AdminServices, "tokens" | "audit">;
  readonly #limits: Limits;

  constructor(services: Pick<AdminServices, "tokens" | "audit">, limits: Limits) {
    this.#services = services;
    this.#limits = limits;
  }

  /** @throws HttpProblem */
  async admit(request: FastifyRequest): Promise<void> {
    const { access = "viewer", limited } = request.routeOptions.config;
    const isOpen = access === "anyone" || leadsNowhere(request);
    if (isOpen || (access === "loopback" && isFromLoopback(request))) {
      if (limited !== false) await this.#take(request, this.#limits.ofAddress);
      return;
    }
    request.principal = await this.#authenticate(request);
    const needed = access === "loopback" ? "viewer" : access;
    if (limited !== false) await this.#take(request, this.#limits.ofToken);
    if (!isRoleEnough(request.principal.role, needed)) {
      const detail = `it takes the role ${needed}, and this token has the role ${request.principal.role}`;
      throw this.#refusal(request, "forbidden", { detail });
    }
  }

  async #authenticate(request: FastifyRequest): Promise<Principal> {
    const token = tokenOf(request);
    if (token === null) {
      await this.#take(request, this.#limits.ofAddress);
      throw this.#refusal(request, "unauthorized", { headers: { "www-authenticate": 'Bearer realm="sluice"' } });
    }
    const couldBeGuessed = tokenIdOf(token) === null;
    if (couldBeGuessed) await this.#take(request, this.#limits.ofFailures, { count: false });
    const principal = this.#services.tokens.authenticate(token);
    if (principal !== null) return principal;
    await this.#take(request, this.#limits.ofFailures);
    const headers = { "www-authenticate": 'Bearer realm="sluice", error="invalid_token"' };
    throw this.#refusal(request, "unauthorized", { headers });
  }

  async #take(request: FastifyRequest, limit: Limit, { count = true } = {}): Promise<void> {
    const seconds = await limit(request, count);
    if (seconds === null) return;
    throw this.#refusal(request, "rate-limited", { headers: { "retry-after": `${seconds}` } });
  }

  #refusal(request: FastifyRequest, reason: RefusalReason, details: HttpProblem["details"]): HttpProblem {
    const { principal, ip, id } = request;
    const token = tokenOf(request);
    this.#services.audit.refused({
      reason,
      remoteAddress: ip,
      actor: principal?.actor ?? null,
      tokenId: principal === null && token !== null ? tokenIdOf(token) : (principal?.tokenId ?? null),
      route: routeOf(request),
      requestId: id,
    });
    return new HttpProblem(codes[reason], details);
  }
}

/** To be called before any route is added. */
export const requireAccess = (app: FastifyInstance, doorkeeper: Doorkeeper): void => {
  app.decorateRequest("principal", null);
  app.addHook("onRequest", (request) => doorkeeper.admit(request));
};
