/** Addresses that lead nowhere: 404, or 405 with `Allow` where another method would lead somewhere. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { HttpProblem } from "./problems.ts";

interface KnownAddress {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** `/api/v1/flows/:code` matches any one level in place of `:code`, `*` at the end any number. */
const patternOf = (url: string): RegExp => {
  const levels = url.split("/").map((level) => {
    if (level === "*") return ".*";
    return level.startsWith(":") ? "[^/]+" : RegExp.escape(level);
  });
  return new RegExp(`^${levels.join("/")}$`);
};

/** To be called before any route is added. */
export const answerUnknownAddresses = (app: FastifyInstance): void => {
  const known = new Map<string, KnownAddress>();
  app.addHook("onRoute", ({ url, method }) => {
    const address = known.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) address.methods.add(name);
    known.set(url, address);
  });
  app.setNotFoundHandler((request: FastifyRequest, _reply: FastifyReply) => {
    const path = (request.url.split("?", 1)[0] as string).replace(/\/+$/, "");
    const methods = [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((found) => [...found.methods]);
    // A file that is not there answers so to the right method.
    if (methods.length === 0 || methods.includes(request.method)) throw new HttpProblem("not-found");
    throw new HttpProblem("method-not-allowed", { headers: { allow: [...new Set(methods)].sort().join(", ") } });
  });
};
