/** Tokens of the admin API. */
import { type Static, Type } from "typebox";
import { Role, TokenId, TokenName } from "../access.ts";
import { Instant, Nullable, Paging, page, ref, strict } from "./shared.ts";

export const TokenInput = Type.Object(
  {
    name: TokenName,
    role: Role,
    expiresAt: Type.Optional(
      Type.String({ description: "RFC 3339 with a zone, or a date, whose first moment it is; in the future." }),
    ),
    expiresIn: Type.Optional(
      Type.String({
        pattern: "^[1-9][0-9]{0,5}[smhd]$",
        description: "Instead of `expiresAt`: so many seconds, minutes, hours or days from now, such as 90d.",
      }),
    ),
  },
  { ...strict, $id: "TokenInput", description: "Without an expiry it lives until it is revoked." },
);
export type TokenInput = Static<typeof TokenInput>;

const described = {
  name: TokenName,
  id: TokenId,
  role: Role,
  createdAt: Instant,
  createdBy: Nullable(Type.String(), { description: "The actor." }),
  expiresAt: Nullable(Instant, { description: "Null: never." }),
};

export const TokenView = Type.Object(
  {
    ...described,
    expired: Type.Boolean(),
    lastUsedAt: Nullable(Instant, {
      description: "As far as the gateway that answers knows: since its start, and at that gateway.",
    }),
  },
  { $id: "TokenView" },
);
export type TokenView = Static<typeof TokenView>;

export const IssuedToken = Type.Object(
  {
    ...described,
    token: Type.String({ description: "The token itself. It is shown here and never again." }),
  },
  { $id: "IssuedToken" },
);
export type IssuedToken = Static<typeof IssuedToken>;

export const TokenPage = page(ref(TokenView), "TokenPage");
export const TokenListQuery = Type.Object({ ...Paging }, strict);
