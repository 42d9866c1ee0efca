/** Examples of flows. */
import { AT, CODE, RECEIVED_AT, TOPIC, URL } from "./values.ts";

const storing = { id: "STORE_DB", type: "STORE_DB" };
const posting = {
  id: "POST_ENDPOINT",
  type: "POST_ENDPOINT",
  url: URL,
  headers: {},
  timeoutSeconds: 10,
  maxAttempts: 20,
  ordered: false,
  concurrency: 8,
  priority: 5,
};

export const FlowInput = {
  code: CODE,
  description: "Temperature and humidity",
  topic: "sensors/{site}/aht10",
  payloadSchema: { temperature: "float", humidity: "float" },
  actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url: URL }],
  thresholds: [{ attribute: "temperature", max: 60, onBreach: "flag" }],
};

export const FlowDefinition = {
  ...FlowInput,
  broker: "default",
  qos: 1,
  payload: { codec: "json", onInvalid: "reject" },
  actions: [storing, posting],
};

const state = { ...FlowDefinition, enabled: true, version: 3, createdAt: AT, updatedAt: AT };

const balanced = { accepted: 1198, done: 1198, pending: 0, dead: 0, discarded: 0 };

export const Flow = {
  ...state,
  lastMessageNumber: 1200,
  lastReceivedAt: RECEIVED_AT,
  counters: { received: 1200, accepted: 1198, rejected: 2, flagged: 0, breached: 0, skipped: 0 },
  actionCounts: [
    { action: "STORE_DB", ...balanced },
    { action: "POST_ENDPOINT", ...balanced, done: 1195, pending: 2, dead: 1 },
  ],
};

export const FlowAt = state;

export const FlowHistoryItem = {
  version: 3,
  type: "FlowRevised",
  at: AT,
  position: "4711",
  actor: "api:admin",
  rolledBackTo: null,
  definition: FlowDefinition,
  changes: [{ pointer: "/description", before: "Temperature", after: "Temperature and humidity" }],
};

export const FlowTestRequest = { topic: TOPIC, payload: { temperature: 21.5, humidity: 48 } };

export const FlowTestResult = {
  matched: true,
  captures: { site: "hall" },
  verdict: "accepted",
  errors: [],
  rows: [
    { attribute: "temperature", valueType: "number", value: 21.5, text: "21.5" },
    { attribute: "humidity", valueType: "integer", value: 48, text: "48" },
  ],
  requests: [
    {
      action: "POST_ENDPOINT",
      method: "POST",
      url: URL,
      headers: { "content-type": "application/json" },
      body: { encoding: "utf8", data: '{"temperature":21.5,"humidity":48}' },
    },
  ],
  events: [],
};

export const RollbackInput = { version: 2 };
