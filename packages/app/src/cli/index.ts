/** What tests look at; users run main.ts. */
export { apiOf } from "./api.ts";
export { csvLine } from "./csv.ts";
export { commandLineMarkdown } from "./documentation.ts";
export { eventLine } from "./event-line.ts";
export { readEventStream, type StreamEvent } from "./event-stream.ts";
export { applyChanges } from "./flows/apply.ts";
export { parseDefinitions } from "./flows/definition-files.ts";
export { checkAll, planChanges } from "./flows/plan.ts";
export { allCommands, buildProgram } from "./program.ts";
export { table } from "./table.ts";
