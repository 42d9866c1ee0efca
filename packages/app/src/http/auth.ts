/** Who may ask: a bearer token (RFC 6750), except where a route says that none is needed. */
import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { HttpProblem } from "./problems.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** `anyone`: no token needed. `loopback`: none needed from this machine. Absent: a token is needed. */
    readonly access?: "anyone" | "loopback";
  }
}

/** Who the log says has made a change: there is one token, and nobody has a name. */
export const ACTOR = "api:admin";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** The peer itself, and not a proxy on this machine that forwards from anywhere. */
const isFromLoopback = ({ socket, headers }: FastifyRequest): boolean => {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined || "forwarded" in headers || "x-forwarded-for" in headers) return false;
  return loopback.check(remoteAddress, isIPv6(remoteAddress) ? "ipv6" : "ipv4");
};

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** What is not under /api and leads nowhere may be told to anyone that it does. */
const leadsNowhere = ({ is404, url }: FastifyRequest): boolean => is404 && !url.startsWith("/api");

/** Compares digests: they have one length, and the time of a comparison tells nothing of the token. */
export const requireToken = (token: string): onRequestAsyncHookHandler => {
  const expected = digest(token);
  return async (request) => {
    const { access } = request.routeOptions.config;
    if (access === "anyone" || leadsNowhere(request)) return;
    if (access === "loopback" && isFromLoopback(request)) return;
    const given = /^bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1]?.trimEnd();
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    const error = given === undefined ? "" : ', error="invalid_token"';
    throw new HttpProblem("unauthorized", { headers: { "www-authenticate": `Bearer realm="sluice"${error}` } });
  };
};
