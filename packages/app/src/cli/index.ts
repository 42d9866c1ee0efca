/** What tests look at; users run main.ts. */
export { commandLineMarkdown } from "./documentation.ts";
export { allCommands, buildProgram } from "./program.ts";
