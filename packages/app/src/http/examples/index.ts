/** Examples of what the admin API takes and answers; tests hold each against its schema. */
import * as flows from "./flows.ts";
import * as messages from "./messages.ts";
import * as operation from "./operation.ts";
import { AT, CODE, EVENT_ID, MESSAGE_ID } from "./values.ts";

const { metrics, ...ofOperation } = operation;
const { eventStream, ...ofMessages } = messages;
const items: Readonly<Record<string, unknown>> = { ...flows, ...ofMessages, ...ofOperation };

const pages = {
  FlowPage: items.Flow,
  FlowHistoryPage: items.FlowHistoryItem,
  EventPage: items.Event,
  DataPage: items.DataItem,
  DeadLetterPage: items.DeadLetter,
  ReplayPage: items.Replay,
  TokenPage: items.TokenView,
  CheckpointPage: items.Checkpoint,
};

/** By the name of the schema. */
export const schemaExamples: Readonly<Record<string, unknown>> = {
  ...items,
  ...Object.fromEntries(Object.entries(pages).map(([name, item]) => [name, { items: [item], next: null }])),
};

/** By the operation's id, of answers that have no schema with a name. */
export const answerExamples: Readonly<Record<string, unknown>> = { metrics, tailEvents: eventStream };

/** By the parameter's name, or where that says too little by the path and the name. */
export const parameterExamples: Readonly<Record<string, unknown>> = {
  limit: 20,
  after: "WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd",
  order: "desc",
  code: CODE,
  flow: CODE,
  at: AT,
  from: "2026-01-31",
  to: AT,
  attribute: "temperature",
  action: "POST_ENDPOINT",
  kind: "delivery",
  cause: messages.DeadLetterCause.cause,
  stream: `flow-${CODE}`,
  type: "ValidationFailed,ThresholdBreached",
  messageId: MESSAGE_ID,
  eventId: EVENT_ID,
  name: "dashboard",
  "last-event-id": messages.Event.position,
  "if-match": '"3"',
  "if-none-match": '"2"',
  "/api/v1/data/{id} id": messages.DataItem.id,
  "/api/v1/dead-letters/{id} id": messages.DeadLetter.id,
  "/api/v1/dead-letters/{id}/retry id": messages.DeadLetter.id,
  "/api/v1/dead-letters/{id}/discard id": messages.DeadLetter.id,
  "/api/v1/replays/{id} id": messages.Replay.id,
};
