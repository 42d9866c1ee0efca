/** Tokens of the admin API: made, listed and revoked. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { IssuedToken, ref, TokenInput, TokenListQuery, TokenName, TokenPage } from "@sluice/contracts";
import { type AccessToken, type Clock, isTokenExpired } from "@sluice/domain";
import { Type } from "typebox";
import { ADMIN_NAME } from "../../access/access-tokens.ts";
import { withoutTokens } from "../../access/token-secret.ts";
import { metadataOf } from "../auth.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { invalidQuery } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";
import { parseInstant } from "../time-range.ts";

const tags = ["access"];
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** RFC 3339 UTC; null: never. @throws HttpProblem `invalid-query` */
const expiryOf = ({ expiresAt, expiresIn }: TokenInput, clock: Clock): string | null => {
  if (expiresAt !== undefined && expiresIn !== undefined) {
    throw invalidQuery({ pointer: "/expiresIn", keyword: "not", message: "is instead of `expiresAt`, not with it" });
  }
  if (expiresIn !== undefined) {
    const ms = Number.parseInt(expiresIn, 10) * (UNIT_MS[expiresIn.slice(-1)] as number);
    return new Date(clock.now() + ms).toISOString();
  }
  if (expiresAt === undefined) return null;
  const instant = parseInstant(expiresAt, "first");
  const message =
    instant === null
      ? "must be a date (2027-01-31) or RFC 3339 with a zone (2027-01-31T12:00:00Z)"
      : "must be in the future";
  if (instant !== null && Date.parse(instant) > clock.now()) return instant;
  throw invalidQuery({ pointer: "/expiresAt", keyword: "format", message });
};

/** @throws HttpProblem `invalid-query` */
const checkName = (name: string): void => {
  const isToken = withoutTokens(name) !== name;
  if (!isToken && name !== ADMIN_NAME) return;
  const message = isToken ? "is a token, and not a name" : "is the name of ADMIN_TOKEN in the log; take another";
  throw invalidQuery({ pointer: "/name", keyword: "not", message });
};

const described = ({ name, id, role, createdAt, createdBy, expiresAt }: AccessToken) => ({
  name,
  id,
  role,
  createdAt,
  createdBy,
  expiresAt,
});

export const tokenRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "tokens" | "clock">> = async (
  app,
  { tokens, clock },
) => {
  app.route({
    method: "POST",
    url: "/api/v1/tokens",
    schema: {
      operationId: "createToken",
      summary: "Make a token",
      description: "The answer has the token itself, which cannot be shown again: the log has only its digest.",
      tags,
      body: ref(TokenInput),
      response: answers(
        {
          201: answer(ref(IssuedToken), {
            description: "The token.",
            headers: { Location: "The token's address, which takes DELETE." },
          }),
        },
        "token-exists",
        "payload-too-large",
        "unsupported-media-type",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { body } = request;
      checkName(body.name);
      const order = { name: body.name, role: body.role, expiresAt: expiryOf(body, clock) };
      const { token, text } = await tokens.issue(order, metadataOf(request));
      reply.code(201).header("location", `/api/v1/tokens/${token.name}`);
      return reply.send({ ...described(token), token: text });
    },
  });

  app.route({
    method: "GET",
    url: "/api/v1/tokens",
    schema: {
      operationId: "listTokens",
      summary: "Every token, by name",
      description: "Expired ones too, until they are revoked or replaced. ADMIN_TOKEN is none of them.",
      tags,
      querystring: TokenListQuery,
      response: answers(
        { 200: answer(ref(TokenPage), { description: "A page." }) },
        "bad-cursor",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async ({ query: { limit = 100, after } }) => {
      const last = after === undefined ? "" : decodeCursor("tokens", after);
      const rest = tokens.list().filter(({ name }) => name > last);
      const page = rest.slice(0, limit);
      const end = page.at(-1);
      const items = page.map((token) => {
        const used = tokens.lastUsedAt(token);
        return {
          ...described(token),
          expired: isTokenExpired(token, clock.now()),
          lastUsedAt: used === null ? null : new Date(used).toISOString(),
        };
      });
      return { items, next: end !== undefined && rest.length > limit ? encodeCursor("tokens", end.name) : null };
    },
  });

  app.route({
    method: "DELETE",
    url: "/api/v1/tokens/:name",
    schema: {
      operationId: "revokeToken",
      summary: "Revoke a token",
      description: "It is refused from then on; at other gateways on the same log a moment later.",
      tags,
      params: Type.Object({ name: TokenName }),
      response: answers(
        { 204: Type.Null({ description: "It is revoked." }) },
        "token-not-found",
        "invalid-query",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      await tokens.revoke(request.params.name, metadataOf(request));
      return reply.code(204).send(null);
    },
  });
};
