/** The hash function of the tree. */
import { hash } from "node:crypto";

export const sha256 = (input: string | Uint8Array): Uint8Array => hash("sha256", input, "buffer");
