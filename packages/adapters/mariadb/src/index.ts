export type { MariadbOptions, MariadbProjectionOptions } from "./config.ts";
export { MariadbFlowSource } from "./flow-source.ts";
export { UnusableDatabase } from "./migrations.ts";
export { MariadbProjectionStore } from "./projection-store.ts";
