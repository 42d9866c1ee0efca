/** What crosses a boundary of Sluice: events, flow definitions, API bodies, configuration, problems. */
export * from "./api.ts";
export * from "./configuration.ts";
export * from "./events.ts";
export * from "./flow-definition.ts";
export * from "./problems.ts";
