/** Checkpoints and keys that people keep in files. */
import { existsSync, readFileSync } from "node:fs";
import { BadNote, parseVerifierKey, type VerifierKey } from "@sluice/domain";
import { sha256 } from "../integrity/sha256.ts";
import { type ParsedCheckpoint, parseGiven } from "../integrity/verify/check-checkpoints.ts";
import { CommandError } from "./command-error.ts";

/** `-` is standard input. @throws CommandError */
export const readText = (path: string): string => {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`, { exitCode: 2, cause: error });
  }
};

/** A key itself, or a file that has one. @throws CommandError */
export const readKey = (given: string): VerifierKey => {
  const text = existsSync(given) || !given.includes("+") ? readText(given) : given;
  try {
    return parseVerifierKey(sha256, text);
  } catch (error) {
    if (!(error instanceof BadNote)) throw error;
    throw new CommandError(`--key ${given}: ${error.message}`, {
      exitCode: 2,
      hint: "`sluice checkpoint --key` prints the key of a gateway",
    });
  }
};

/** A signed note, or what the API answers, which has one. @throws CommandError */
export const readCheckpoint = (path: string): ParsedCheckpoint => {
  const text = readText(path);
  try {
    const note = text.trimStart().startsWith("{") ? (JSON.parse(text) as { note?: unknown }).note : text;
    return parseGiven({ source: path, note: typeof note === "string" ? note : "" });
  } catch (error) {
    if (!(error instanceof BadNote || error instanceof SyntaxError)) throw error;
    throw new CommandError(`${path} is no checkpoint: ${error.message}`, { exitCode: 2 });
  }
};
