/**
 * The conformance suite of the `FlowSource` port, with what `ProjectionStore.apply` owes it: every adapter passes every
 * definition, or opts out of it by name and with a reason in `flow-source-adapters.ts`.
 */
import { mirrorDefinitions } from "./flow-source-mirror.ts";
import type { FlowSourceDefinition } from "./flow-source-support.ts";
import { tablesDefinitions } from "./flow-source-tables.ts";

export const flowSourceDefinitions: readonly FlowSourceDefinition[] = [...tablesDefinitions, ...mirrorDefinitions];
