/**
 * The text of a token: `slc_<id>_<secret>`. The id is public; the secret has 256 random bits.
 *
 * The log has the SHA-256 of the whole text. A slow hash with a salt protects what people choose, since it can be
 * guessed; 256 random bits cannot, however fast the hash is.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const TOKEN = /^slc_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const TOKENS_IN_TEXT = /slc_([0-9a-f]{16})_[A-Za-z0-9_-]+/g;

export const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Digests have one length, and the time of the comparison tells nothing of where they differ. */
export const isSameDigest = (one: Buffer, other: Buffer): boolean => timingSafeEqual(one, other);

export const makeToken = (): { readonly id: string; readonly text: string } => {
  const id = randomBytes(8).toString("hex");
  return { id, text: `slc_${id}_${randomBytes(32).toString("base64url")}` };
};

/** Null for a text that is no such token. */
export const tokenIdOf = (text: string): string | null => TOKEN.exec(text)?.[1] ?? null;

/** The text with the secrets of all tokens in it hidden; also of those that are not whole or do not exist. */
export const withoutTokens = (text: string): string => text.replace(TOKENS_IN_TEXT, "slc_$1_***");
