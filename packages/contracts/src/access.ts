/** Who may do what. */
import { type Static, Type } from "typebox";

/** From the least to the most. */
export const roles = ["viewer", "operator", "admin"] as const;

export const Role = Type.Enum([...roles], {
  description:
    "viewer: reads, but no secrets of endpoints. operator: also enables and disables flows, settles dead letters, " +
    "publishes, reloads and tests. admin: everything.",
});
export type Role = (typeof roles)[number];

export const TokenName = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
  description: "Letters, digits, `.`, `_` and `-`, 64 at the most; the log has it as the actor `api:<name>`.",
});
export const TokenId = Type.String({
  pattern: "^[0-9a-f]{16}$",
  description: "The part of the token that is no secret.",
});

export const RefusalReason = Type.Enum(["unauthorized", "forbidden", "rate-limited"], {
  description:
    "unauthorized: no token, or none that is known, living and not expired. forbidden: the role does not suffice. " +
    "rate-limited: too many requests.",
});
export type RefusalReason = Static<typeof RefusalReason>;
