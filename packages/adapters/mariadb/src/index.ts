export type { MariadbOptions, MariadbProjectionOptions } from "./config.ts";
export { MariadbFlowSource } from "./flow-source.ts";
export { inspectMariadb, type MariadbInspection } from "./inspect.ts";
export { UnusableDatabase } from "./migrations.ts";
export { MariadbProjectionRebuild } from "./projection-rebuild.ts";
export { MariadbProjectionStore } from "./projection-store.ts";
