/**
 * The conformance suite of the `EventStore` port: every adapter passes every definition, or opts out of it by name and
 * with a reason in `event-store-adapters.ts`.
 */
import { appendDefinitions } from "./event-store-append.ts";
import { crashDefinitions } from "./event-store-crash.ts";
import { idempotenceDefinitions } from "./event-store-idempotence.ts";
import { readDefinitions } from "./event-store-read.ts";
import { subscribeDefinitions } from "./event-store-subscribe.ts";
import type { EventStoreDefinition } from "./event-store-support.ts";
import { writersDefinitions } from "./event-store-writers.ts";

export const eventStoreDefinitions: readonly EventStoreDefinition[] = [
  ...appendDefinitions,
  ...idempotenceDefinitions,
  ...readDefinitions,
  ...subscribeDefinitions,
  ...writersDefinitions,
  ...crashDefinitions,
];
