import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { EncodedBytes } from "@sluice/contracts";

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Text when the bytes are valid UTF-8, so that the log can be read and queried; base64 otherwise. */
export const encodeBytes = (bytes: Uint8Array): EncodedBytes =>
  isUtf8(bytes)
    ? { encoding: "utf8", data: view(bytes).toString("utf8") }
    : { encoding: "base64", data: view(bytes).toString("base64") };

export const decodeBytes = (encoded: EncodedBytes): Buffer => Buffer.from(encoded.data, encoded.encoding);

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
