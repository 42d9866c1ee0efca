export * from "./clock.ts";
export * from "./endpoint-gateway.ts";
export * from "./event-store.ts";
export * from "./message-source.ts";
export * from "./offline-queue.ts";
export * from "./payload.ts";
export * from "./projection-store.ts";
export * from "./snapshot-store.ts";
