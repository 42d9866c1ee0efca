/** The hash function of the tree. */
import { hash } from "node:crypto";

/** Through text: a buffer of its own for each hash takes longer than the hash of two others. */
export const sha256 = (input: string | Uint8Array): Uint8Array =>
  Buffer.from(hash("sha256", input, "latin1"), "latin1");
