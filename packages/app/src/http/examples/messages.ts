/** Examples of what became of a message. */
import { FlowDefinition } from "./flows.ts";
import { AT, CODE, EVENT_ID, MESSAGE_ID, RECEIVED_AT, TOPIC, URL } from "./values.ts";

const REASON = "answered 503 Service Unavailable";

const payload = { encoding: "utf8", data: '{"temperature":21.5,"humidity":48}' };

export const Event = {
  id: EVENT_ID,
  stream: `traffic-${CODE}-20260131`,
  version: 2400,
  position: "4712",
  type: "StoredAttribute",
  schemaVersion: 1,
  data: {
    flow: CODE,
    messageId: MESSAGE_ID,
    messageNumber: 1200,
    action: "STORE_DB",
    attribute: "temperature",
    valueType: "number",
    value: 21.5,
    receivedAt: RECEIVED_AT,
  },
  metadata: {},
  recordedAt: RECEIVED_AT,
};

export const eventStream = `id: ${Event.position}\ndata: ${JSON.stringify(Event)}\n\n`;

export const DataItem = {
  id: "2399",
  flow: CODE,
  action: "STORE_DB",
  attribute: "temperature",
  value: 21.5,
  valueType: "number",
  text: "21.5",
  messageId: MESSAGE_ID,
  messageNumber: 1200,
  receivedAt: RECEIVED_AT,
  deviceTime: null,
  eventId: EVENT_ID,
};

export const DeadLetter = {
  id: `${MESSAGE_ID}/${CODE}/POST_ENDPOINT`,
  kind: "delivery",
  flow: CODE,
  action: "POST_ENDPOINT",
  messageId: MESSAGE_ID,
  messageNumber: 1200,
  attribute: null,
  reason: REASON,
  attempts: 20,
  deadAt: RECEIVED_AT,
  eventId: EVENT_ID,
};
const letterEdit = { payload: '{"temperature":21.5}' };
export const DeadLetterRetry = { edit: letterEdit, reason: "the endpoint wants no humidity" };
export const DeadLetterEdited = {
  at: AT,
  eventId: "019c1447-9d3e-7c1b-8a30-5f0d2e6b7a91",
  actor: "api:admin",
  requestId: "019c1447-9d3d-74a5-b4c6-0d1f8e2a3b4c",
  reason: "the endpoint wants no humidity",
  payload: { encoding: "utf8", data: letterEdit.payload },
  row: null,
};
export const DeadLetterCause = {
  kind: "delivery",
  flow: CODE,
  action: "POST_ENDPOINT",
  attribute: null,
  cause: REASON,
  count: 1200,
  firstDeadAt: RECEIVED_AT,
  lastDeadAt: AT,
  sample: DeadLetter.id,
};
export const DeadLetterCauses = { items: [DeadLetterCause], more: false };
export const DeadLetterCommand = { filter: { flow: CODE }, reason: "the endpoint is gone for good" };
export const DeadLetterReason = { reason: "the endpoint is gone for good" };
export const DeadLetterResult = { count: 1 };

export const DeliveryStep = {
  at: RECEIVED_AT,
  type: "EndpointForwardFailed",
  eventId: EVENT_ID,
  attempt: 1,
  status: 503,
  latencyMs: null,
  url: URL,
  attribute: null,
  reason: REASON,
  retryAt: "2026-01-31T12:34:58.000Z",
  edit: null,
  actor: null,
};
export const DeadLetterDetail = {
  ...DeadLetter,
  cause: REASON,
  message: { topic: TOPIC, broker: "default", receivedAt: RECEIVED_AT, payload, payloadBytes: 34 },
  row: null,
  delivery: { url: URL, payload: DeadLetterEdited.payload, attempts: [DeliveryStep] },
  edits: [DeadLetterEdited],
};

export const NearMiss = {
  flow: "DHT22_SENSOR",
  topic: "sensors/{site}/dht22",
  flowVersion: 1,
  reason: "level",
  level: 3,
  detail: "level 3 is aht10 and not dht22",
};

export const MessageStory = {
  messageId: MESSAGE_ID,
  topic: TOPIC,
  broker: "default",
  source: "mqtt",
  receivedAt: RECEIVED_AT,
  recordedAt: RECEIVED_AT,
  position: "4711",
  qos: 1,
  retain: false,
  dup: false,
  properties: null,
  payload,
  payloadBytes: 34,
  stores: {
    log: "sqlite:/var/lib/sluice/events.db",
    rows: { database: "sqlite:/var/lib/sluice/projection.db", table: "data" },
  },
  flows: [
    {
      flow: CODE,
      messageNumber: 1200,
      flowVersion: 3,
      topic: FlowDefinition.topic,
      definition: FlowDefinition,
      captures: { site: "hall" },
      verdict: "accepted",
      errors: [],
      rows: [DataItem],
      deliveries: [
        {
          action: "POST_ENDPOINT",
          type: "POST_ENDPOINT",
          state: "pending",
          url: URL,
          attempts: 1,
          status: 503,
          reason: REASON,
          at: RECEIVED_AT,
          nextAttemptAt: "2026-01-31T12:34:58.000Z",
          steps: [DeliveryStep],
        },
      ],
    },
  ],
  nearMisses: [NearMiss],
  nearMissCount: 1,
  pending: [],
  events: [Event],
  truncated: false,
};

export const PublishInput = { topic: "device/1/command", payload: '{"led":true}', qos: 1, wait: true };
export const PublishResult = {
  id: "019c1447-91a0-7732-89ff-50f490695696",
  broker: "default",
  topic: "device/1/command",
  state: "acknowledged",
  reasonCode: 0,
};
export const PublishStatus = {
  queue: { total: 2, byPriority: { "5": 2 }, oldestAgeSeconds: 1.5, capacityUsedPercent: 0.02 },
  publishers: [
    {
      broker: "default",
      url: "mqtt://127.0.0.1:1883",
      clientId: "mqtt-gateway-publisher",
      connected: true,
      protocolVersion: 5,
      tls: false,
      currentBackoffSeconds: 0,
      lastError: null,
      waiting: 2,
      inFlight: 1,
      sent: 40,
      acknowledged: 39,
      lost: { refused: 0, evicted: 0, rejected: 0, expired: 0 },
    },
  ],
  stray: [],
};

const figures = { scanned: 1200, accepted: 2, rejected: 0, present: 1198, unmatched: 0, cut: 0, refused: 0 };
export const ReplayInput = { kind: "re-drive", flow: CODE, from: "2026-01-31" };
export const Replay = {
  id: "019c1447-9210-743d-9cdd-e7805856542f",
  kind: "re-drive",
  flow: CODE,
  action: null,
  sourceFlow: null,
  topic: null,
  from: "2026-01-31T00:00:00.000Z",
  to: null,
  messagesPerSecond: 2000,
  compareOnly: null,
  rollbackOf: null,
  state: "completed",
  requestedAt: AT,
  requestedBy: "api:admin",
  endedAt: RECEIVED_AT,
  progress: 1,
  speed: null,
  figures,
  reason: null,
  whatIf: null,
  rebuild: null,
};
