/** Runs one command line and says with which code the process should exit. */
import { CommanderError } from "commander";
import { CommandError } from "./command-error.ts";
import { ignoreClosedPipe, note } from "./output.ts";
import { buildProgram } from "./program.ts";

export const runCommandLine = async (argv: readonly string[]): Promise<number> => {
  ignoreClosedPipe();
  const program = buildProgram();
  try {
    await program.parseAsync([...argv], { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOf(error);
    if (error instanceof CommandError) {
      note(`sluice: ${[error.message, ...error.details.map((detail) => `  - ${detail}`)].join("\n")}`);
      if (error.hint !== undefined) note(`  ${error.hint}`);
      return error.exitCode;
    }
    note(`sluice: this should not have happened: ${(error as Error).stack ?? error}`);
    return 1;
  }
};

/** Help that was asked for is no error; help instead of a command, and everything else that commander reports, is. */
const exitCodeOf = (error: CommanderError): number => (error.exitCode === 0 ? 0 : 2);
