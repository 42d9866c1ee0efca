/**
 * The conformance suite of the `MessageSource` port: every adapter passes every definition, or opts out of it by name
 * and with a reason in `message-source-adapters.ts`.
 */
import { acknowledgementDefinitions } from "./message-source-acknowledgement.ts";
import { deliveryDefinitions } from "./message-source-delivery.ts";
import { sessionDefinitions } from "./message-source-session.ts";
import { subscriptionDefinitions } from "./message-source-subscriptions.ts";
import type { MessageSourceDefinition } from "./message-source-support.ts";
import { windowDefinitions } from "./message-source-window.ts";

export const messageSourceDefinitions: readonly MessageSourceDefinition[] = [
  ...deliveryDefinitions,
  ...acknowledgementDefinitions,
  ...windowDefinitions,
  ...subscriptionDefinitions,
  ...sessionDefinitions,
];
