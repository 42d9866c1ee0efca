/**
 * The conformance suite of the `ProjectionRebuild` port: every adapter passes every definition, or opts out of it by name
 * and with a reason in `projection-rebuild-adapters.ts`.
 */
import { backDefinitions } from "./projection-rebuild-back.ts";
import { candidateDefinitions } from "./projection-rebuild-candidate.ts";
import { crashDefinitions } from "./projection-rebuild-crash.ts";
import { rowsDefinitions } from "./projection-rebuild-rows.ts";
import type { ProjectionRebuildDefinition } from "./projection-rebuild-support.ts";
import { switchDefinitions } from "./projection-rebuild-switch.ts";

export const projectionRebuildDefinitions: readonly ProjectionRebuildDefinition[] = [
  ...candidateDefinitions,
  ...rowsDefinitions,
  ...switchDefinitions,
  ...backDefinitions,
  ...crashDefinitions,
];
