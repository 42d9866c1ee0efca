/**
 * What flows send to their endpoints to be let in: the values of their headers and the queries of their URLs. Admins,
 * who may set them, see them; others see that they are there.
 */
import type { FastifyInstance } from "fastify";
import { HIDDEN } from "../config/redact.ts";

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hiddenValues = (value: unknown): unknown =>
  isMembers(value) ? Object.fromEntries(Object.keys(value).map((name) => [name, HIDDEN])) : HIDDEN;

const hiddenQuery = (url: unknown): unknown => (typeof url === "string" ? url.replace(/[?#].*$/s, `?${HIDDEN}`) : url);

/** Of an action, or of a request that a flow would send. */
const hiddenEndpoint = (endpoint: Members): Members => ({
  ...endpoint,
  ...("url" in endpoint ? { url: hiddenQuery(endpoint.url) } : {}),
  ...("headers" in endpoint ? { headers: hiddenValues(endpoint.headers) } : {}),
});

const hiddenChange = (change: Members): Members => {
  const [, member] = /^\/actions\/\d+\/(url|headers)/.exec(`${change.pointer}`) ?? [];
  const hide = member === undefined ? withoutEndpointSecrets : member === "url" ? hiddenQuery : hiddenValues;
  const sides = (["before", "after"] as const).filter((side) => side in change);
  return { ...change, ...Object.fromEntries(sides.map((side) => [side, hide(change[side])])) };
};

const eachOf = (items: unknown, hide: (item: Members) => unknown): unknown =>
  Array.isArray(items) ? items.map((item) => (isMembers(item) ? hide(item) : item)) : items;

/** An answer, or any part of one, with the secrets of endpoints hidden. */
export const withoutEndpointSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutEndpointSecrets);
  if (!isMembers(value)) return value;
  if (value.type === "POST_ENDPOINT") return hiddenEndpoint(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === "requests") return [name, eachOf(member, hiddenEndpoint)];
      if (name === "changes") return [name, eachOf(member, hiddenChange)];
      return [name, withoutEndpointSecrets(member)];
    }),
  );
};

/** To be called before any route is added. */
export const hideEndpointSecrets = (app: FastifyInstance): void => {
  app.addHook("preSerialization", async ({ principal }, _reply, payload) =>
    principal === null || principal.role === "admin" ? payload : withoutEndpointSecrets(payload),
  );
};
