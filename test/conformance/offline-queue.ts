/**
 * The conformance suite of the `OfflineQueue` port: every adapter passes every definition, or opts out of it by name and
 * with a reason in `offline-queue-adapters.ts`.
 */
import { boundDefinitions } from "./offline-queue-bound.ts";
import { commitDefinitions } from "./offline-queue-commit.ts";
import { crashDefinitions } from "./offline-queue-crash.ts";
import { leaseDefinitions } from "./offline-queue-lease.ts";
import { modelDefinitions } from "./offline-queue-model.ts";
import type { OfflineQueueDefinition } from "./offline-queue-support.ts";

export const offlineQueueDefinitions: readonly OfflineQueueDefinition[] = [
  ...leaseDefinitions,
  ...commitDefinitions,
  ...boundDefinitions,
  ...modelDefinitions,
  ...crashDefinitions,
];
