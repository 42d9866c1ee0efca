/**
 * The conformance suite of the `ProjectionStore` port: every adapter passes every definition, or opts out of it by name
 * and with a reason in `projection-store-adapters.ts`.
 */
import { applyDefinitions } from "./projection-store-apply.ts";
import { causesDefinitions } from "./projection-store-causes.ts";
import { crashDefinitions } from "./projection-store-crash.ts";
import { deadDefinitions } from "./projection-store-dead.ts";
import { editsDefinitions } from "./projection-store-edits.ts";
import { listDefinitions } from "./projection-store-list.ts";
import type { ProjectionStoreDefinition } from "./projection-store-support.ts";
import { tablesDefinitions } from "./projection-store-tables.ts";

export const projectionStoreDefinitions: readonly ProjectionStoreDefinition[] = [
  ...applyDefinitions,
  ...deadDefinitions,
  ...causesDefinitions,
  ...editsDefinitions,
  ...listDefinitions,
  ...tablesDefinitions,
  ...crashDefinitions,
];
