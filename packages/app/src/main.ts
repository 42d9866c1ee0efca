/** The only entry: `node packages/app/src/main.ts <command>`. */
import { enableCompileCache } from "node:module";

// A third of a short command's time is reading modules: the next one finds them compiled. Where there is no place for
// that, nothing is lost.
enableCompileCache();
const { runCommandLine } = await import("./cli/run.ts");

process.exitCode = await runCommandLine(process.argv.slice(2));
