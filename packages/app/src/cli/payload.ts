/** Payloads as a command line gives them. */
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { CommandError } from "./command-error.ts";

export const readBytes = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
};

/** @param text the payload itself, `@file` for a file's bytes, or `-` for those of standard input */
export const readPayload = async (text: string): Promise<Buffer> => {
  if (text === "-") return await buffer(process.stdin);
  return text.startsWith("@") ? readBytes(text.slice(1)) : Buffer.from(text);
};
