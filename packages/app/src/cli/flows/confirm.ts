/** Asks whether to go on. */
import { createInterface } from "node:readline/promises";
import { CommandError } from "../command-error.ts";
import { note } from "../output.ts";

/** @param refused what to say when the answer is no. @throws CommandError where there is nobody to ask */
export const confirmed = async (question: string, refused: string): Promise<boolean> => {
  if (!process.stdin.isTTY) {
    throw new CommandError(`${refused}: there is nobody to ask`, { exitCode: 2, hint: "--yes goes on without asking" });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Rejects at Ctrl-C and Ctrl-D, which are no yes.
  const answer = await terminal.question(`${question} [y/N] `).catch(() => "");
  terminal.close();
  const yes = /^y(es)?$/i.test(answer.trim());
  if (!yes) note(refused);
  return yes;
};
