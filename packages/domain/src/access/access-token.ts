/**
 * A token of the admin API as a decider: `decideToken` turns a command and the token of that name into a fact,
 * `evolveToken` folds recorded events. The secret is nowhere here, only its digest.
 *
 * ```
 * none ──issue──► living ──revoke──► none
 *                   └──(its time comes)──► expired ──issue──► living
 * ```
 */
import type { EventData, RecordedEvent, Role } from "@sluice/contracts";
import type { Fact } from "../flow/flow.ts";

export interface AccessToken {
  readonly name: string;
  /** Public: by it the token is found. */
  readonly id: string;
  readonly role: Role;
  readonly hash: EventData<"TokenIssued">["hash"];
  readonly createdAt: string;
  /** The actor. */
  readonly createdBy: string | null;
  /** RFC 3339 UTC; null: never. */
  readonly expiresAt: string | null;
}

export class TokenExists extends Error {
  override readonly name = "TokenExists";
}

export class TokenNotFound extends Error {
  override readonly name = "TokenNotFound";
}

export type TokenCommand =
  | ({ readonly kind: "issue" } & Pick<AccessToken, "name" | "id" | "role" | "hash" | "expiresAt">)
  | { readonly kind: "revoke"; readonly name: string };

/** @param now in ms since the epoch */
export const isTokenExpired = ({ expiresAt }: AccessToken, now: number): boolean =>
  expiresAt !== null && Date.parse(expiresAt) <= now;

/**
 * @param current the token of that name, expired or not
 * @throws TokenExists, TokenNotFound
 */
export const decideToken = (
  current: AccessToken | undefined,
  command: TokenCommand,
  now: number,
): Fact<"TokenIssued" | "TokenRevoked"> => {
  const { kind, name } = command;
  if (kind === "revoke") {
    if (current === undefined) throw new TokenNotFound(`there is no token ${name}`);
    return { type: "TokenRevoked", data: { name, tokenId: current.id } };
  }
  if (current !== undefined && !isTokenExpired(current, now)) throw new TokenExists(`there is a token ${name} already`);
  const { id, role, hash, expiresAt } = command;
  return {
    type: "TokenIssued",
    data: { name, tokenId: id, role, hash, ...(expiresAt === null ? {} : { expiresAt }) },
  };
};

/** @returns undefined when there is none any more */
export const evolveToken = (current: AccessToken | undefined, event: RecordedEvent): AccessToken | undefined => {
  if (event.type === "TokenRevoked") return undefined;
  if (event.type !== "TokenIssued") return current;
  const { name, tokenId, role, hash, expiresAt = null } = event.data;
  const createdBy = event.metadata.actor ?? null;
  return { name, id: tokenId, role, hash, createdAt: event.recordedAt, createdBy, expiresAt };
};
