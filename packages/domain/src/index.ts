export * from "./ports/index.ts";
export * from "./streams.ts";
