/** What crosses a boundary of Sluice: events, flow definitions, API bodies, configuration, problems. */
export * from "./access.ts";
export * from "./api/checkpoints.ts";
export { apiSchemas } from "./api/components.ts";
export * from "./api/data.ts";
export * from "./api/dead-letters.ts";
export * from "./api/flows.ts";
export * from "./api/health.ts";
export * from "./api/log.ts";
export * from "./api/publish.ts";
export * from "./api/reload.ts";
export * from "./api/replays.ts";
export { Paging, ref } from "./api/shared.ts";
export * from "./api/tokens.ts";
export * from "./configuration.ts";
export * from "./events.ts";
export * from "./flow-definition.ts";
export * from "./problems.ts";
export * from "./replay.ts";
