/** The only entry: `node packages/app/src/main.ts <command>`. */
import { enableCompileCache } from "node:module";

// A third of a short command's time is reading modules: the next one finds them compiled. Where there is no place for
// that, nothing is lost.
enableCompileCache();
const { runCommandLine } = await import("./cli/run.ts");

process.exitCode = await runCommandLine(process.argv.slice(2));
// Added last, when whatever else wants to know of the exit has said so. Node 26 was seen to spin for ever in the clean-up
// of its own that comes after it; a gateway that was told to stop would have to be killed.
process.on("exit", () => process.exit());
