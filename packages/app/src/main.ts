/** The only entry: `node packages/app/src/main.ts <command>`. */
import { runCommandLine } from "./cli/run.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
