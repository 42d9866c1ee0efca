/**
 * The event catalogue: what the log may contain. An event type's schema is its contract with everyone who reads the
 * log; a change that an old reader would misunderstand raises `schemaVersion`.
 */
import { type Static, type TSchema, Type } from "typebox";
import { RefusalReason, Role, TokenId, TokenName } from "./access.ts";
import { ActionId, ActionType, FlowCode, FlowDefinition, QoS } from "./flow-definition.ts";
import { replayEvents } from "./replay.ts";

export const MessageId = Type.String({ format: "uuid", description: "Shared by all flows that one PUBLISH matched." });
const MessageNumber = Type.Integer({ minimum: 1, description: "The flow's own counter, gapless." });
const Instant = Type.String({ format: "date-time", description: "RFC 3339 UTC, milliseconds." });

/** Bytes in JSON: text when they are valid UTF-8, else base64. `Buffer.from(data, encoding)` gives the bytes back. */
export const EncodedBytes = Type.Object({
  encoding: Type.Union([Type.Literal("utf8"), Type.Literal("base64")]),
  data: Type.String(),
});
export type EncodedBytes = Static<typeof EncodedBytes>;

export const ValidationError = Type.Object({
  pointer: Type.String({ description: "JSON pointer to the offending value; empty for the whole payload." }),
  keyword: Type.String({
    description:
      "JSON Schema keyword, or: json, encoding, duplicateKey, depth, size, threshold, schema (it cannot be applied), " +
      "more (says that errors were left out); " +
      "of a flow definition also: topic, rename, url, header.",
  }),
  message: Type.String(),
});
export type ValidationError = Static<typeof ValidationError>;

/** MQTT 5 PUBLISH properties that are kept [MQTT-3.3.2.3]. */
export const PublishProperties = Type.Object({
  payloadFormatIndicator: Type.Optional(Type.Boolean()),
  messageExpiryInterval: Type.Optional(Type.Integer()),
  contentType: Type.Optional(Type.String()),
  responseTopic: Type.Optional(Type.String()),
  correlationData: Type.Optional(EncodedBytes),
  userProperties: Type.Optional(Type.Array(Type.Tuple([Type.String(), Type.String()]))),
});
export type PublishProperties = Static<typeof PublishProperties>;

export const ValueType = Type.Enum(["string", "integer", "number", "boolean", "null", "object", "array"], {
  description: "integer: a JSON number written without fraction or exponent; number: any other.",
});
export type ValueType = Static<typeof ValueType>;

/** What a delivery posts instead of the message's payload, from this retry on. */
export const DeliveryEdit = Type.Object({ payload: EncodedBytes });
export type DeliveryEdit = Static<typeof DeliveryEdit>;

/** The whole row that is stored instead, under the id of the event that has it: a rebuild needs nothing else. */
export const RowEdit = Type.Object({
  attribute: Type.String({ description: "The name to store it under; that of the event's data stays the letter's." }),
  valueType: ValueType,
  value: Type.Unknown(),
  text: Type.Optional(Type.String({ description: "The exact text, as in StoredAttribute." })),
  receivedAt: Instant,
  deviceTime: Type.Optional(Instant),
  replaces: Type.String({
    description: "Id of the event that the row came of before: its StoredAttribute, or an earlier edit.",
  }),
});
export type RowEdit = Static<typeof RowEdit>;

const Source = Type.Union([Type.Literal("mqtt"), Type.Literal("http"), Type.Literal("replay")]);
const ReplayId = Type.String({ format: "uuid", description: "The replay that did it." });

const traffic = { flow: FlowCode, messageId: MessageId, messageNumber: MessageNumber };

export const eventSchemas = {
  FlowDefined: Type.Object({
    definition: FlowDefinition,
    enabled: Type.Boolean(),
    lastMessageNumber: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: "Number of the last message that another gateway gave; numbers go on after it.",
      }),
    ),
  }),
  FlowRevised: Type.Object({ definition: FlowDefinition }),
  FlowEnabled: Type.Object({ flow: FlowCode }),
  FlowDisabled: Type.Object({ flow: FlowCode }),
  FlowRetired: Type.Object({ flow: FlowCode }),
  FlowRowRefused: Type.Object({
    table: Type.String(),
    code: Type.String({ description: "As the row has it, which need not be a flow's code." }),
    row: Type.Union([Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])), Type.Null()], {
      description:
        "Columns as text, long ones cut, without user names and passwords in URLs; null: the row had been deleted.",
    }),
    reason: Type.Union([Type.Literal("invalid"), Type.Literal("overruled")], {
      description:
        "invalid: the row makes no flow. overruled: the flow was changed elsewhere before the edit was read, and the row " +
        "was set to that.",
    }),
    errors: Type.Array(ValidationError, { description: "Pointers are to columns; empty when it was overruled." }),
  }),

  MessageReceived: Type.Object({
    ...traffic,
    flowVersion: Type.Integer({ description: "Version of the definition that decided." }),
    source: Source,
    broker: Type.String(),
    topic: Type.String(),
    captures: Type.Record(Type.String(), Type.String(), { description: "Named topic levels." }),
    qos: QoS,
    retain: Type.Boolean(),
    dup: Type.Boolean(),
    properties: Type.Optional(PublishProperties),
    payload: EncodedBytes,
    payloadSize: Type.Optional(
      Type.Integer({ description: "Bytes of the whole payload; present when `payload` holds only the first of them." }),
    ),
    payloadDigest: Type.Optional(
      Type.String({ description: "SHA-256 in hex; present on retained messages, by which a repeat is recognised." }),
    ),
    receivedAt: Instant,
    deviceTime: Type.Optional(Instant),
    replay: Type.Optional(ReplayId),
    owes: Type.Array(Type.Object({ action: ActionId, type: ActionType }), {
      description: "The actions that this message is owed to; empty when it was rejected.",
    }),
  }),
  MessageReplayed: Type.Object(
    {
      ...traffic,
      replay: ReplayId,
      was: Type.Union([Type.Literal("rejected"), Type.Literal("accepted")]),
      flowVersion: Type.Integer({ description: "Version of the definition that decided." }),
      captures: Type.Record(Type.String(), Type.String(), { description: "Named topic levels." }),
      receivedAt: Instant,
      deviceTime: Type.Optional(Instant),
      owes: Type.Array(Type.Object({ action: ActionId, type: ActionType }), {
        minItems: 1,
        description: "The actions that it is owed to from now on, in addition to those before.",
      }),
      original: Type.Object(
        { stream: Type.String(), version: Type.Integer({ minimum: 1 }) },
        { description: "Where its MessageReceived is." },
      ),
    },
    {
      description:
        "A message that the flow has, under its own number: rejected and accepted now, or accepted and owed to one more " +
        "action.",
    },
  ),
  ValidationFailed: Type.Object({
    ...traffic,
    disposition: Type.Union([Type.Literal("rejected"), Type.Literal("flagged")]),
    errors: Type.Array(ValidationError, { minItems: 1 }),
  }),
  ThresholdBreached: Type.Object({
    ...traffic,
    attribute: Type.String(),
    value: Type.Number(),
    min: Type.Optional(Type.Number()),
    max: Type.Optional(Type.Number()),
    disposition: Type.Union([Type.Literal("rejected"), Type.Literal("flagged")]),
  }),
  StoredAttribute: Type.Object({
    ...traffic,
    action: ActionId,
    attribute: Type.String(),
    valueType: ValueType,
    value: Type.Unknown({ description: "The JSON value; a number as an IEEE 754 double." }),
    text: Type.Optional(
      Type.String({ description: "The exact text, where canonical JSON of `value` would not give it back." }),
    ),
    receivedAt: Instant,
    deviceTime: Type.Optional(Instant),
  }),
  MessagesSkipped: Type.Object({
    flow: FlowCode,
    reason: Type.Union([Type.Literal("retained-repeat"), Type.Literal("expired")]),
    count: Type.Integer({ minimum: 1 }),
    topics: Type.Array(Type.String(), { description: "Up to ten of the topics." }),
  }),
  TrafficContinued: Type.Object(
    {
      flow: FlowCode,
      next: Type.String({ description: "The stream in which the flow's messages go on." }),
    },
    {
      description:
        "The last event of a bucket of traffic in a log that several gateways write: one that has not noticed the next " +
        "bucket cannot number on in this one.",
    },
  ),

  EndpointForwarded: Type.Object({
    ...traffic,
    action: ActionId,
    url: Type.String(),
    status: Type.Integer(),
    attempts: Type.Integer({ minimum: 1 }),
    latencyMs: Type.Number({ description: "Of the last attempt." }),
  }),
  EndpointForwardFailed: Type.Object({
    ...traffic,
    action: ActionId,
    url: Type.String(),
    status: Type.Optional(Type.Integer()),
    reason: Type.String(),
    attempts: Type.Integer({ minimum: 1 }),
    retryAt: Type.Optional(Instant),
  }),
  DeliveryDeadLettered: Type.Object({
    ...traffic,
    action: ActionId,
    attribute: Type.Optional(Type.String({ description: "Set when it is one row of STORE_DB." })),
    reason: Type.String(),
    attempts: Type.Integer({ minimum: 1 }),
  }),
  DeliveryRetried: Type.Object({
    ...traffic,
    action: ActionId,
    attribute: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
    edit: Type.Optional(Type.Union([DeliveryEdit, RowEdit])),
  }),
  DeliveryDiscarded: Type.Object({
    ...traffic,
    action: ActionId,
    attribute: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
  }),

  ...replayEvents,

  TokenIssued: Type.Object({
    name: TokenName,
    tokenId: TokenId,
    role: Role,
    expiresAt: Type.Optional(Type.String({ format: "date-time", description: "Absent: never." })),
    hash: Type.Object(
      {
        scheme: Type.Literal("sha-256"),
        digest: Type.String({ pattern: "^[0-9a-f]{64}$", description: "Of the whole token, in hex." }),
      },
      { description: "A token has 256 random bits, so that its digest tells nothing of it and needs no salt." },
    ),
  }),
  TokenRevoked: Type.Object({ name: TokenName, tokenId: TokenId }),
  RequestAudited: Type.Object(
    {
      method: Type.String(),
      route: Type.String({ description: "As the OpenAPI document has it, with `:name` for `{name}`." }),
      path: Type.String({ description: "Without the query, cut after 500 characters." }),
      status: Type.Integer({ description: "Of the answer." }),
      remoteAddress: Type.String(),
    },
    {
      description:
        "A request to the admin API that could change something, and was not refused; who: see the metadata.",
    },
  ),
  RequestsRefused: Type.Object(
    {
      reason: RefusalReason,
      count: Type.Integer({ minimum: 1 }),
      remoteAddress: Type.Union([Type.String(), Type.Null()], {
        description: "Null: there were too many addresses to count each by itself.",
      }),
      tokenId: Type.Optional(TokenId),
      firstAt: Instant,
      lastAt: Instant,
      routes: Type.Array(Type.String(), { description: "Up to ten, with their methods." }),
      requestIds: Type.Array(Type.String(), { description: "Of the first ten." }),
    },
    { description: "Requests to the admin API that were refused within a minute, from one address for one reason." },
  ),
  RequestsUnaudited: Type.Object(
    { count: Type.Integer({ minimum: 1 }), firstAt: Instant, lastAt: Instant },
    { description: "Requests that should have been audited while the log could not be written, beyond what was kept." },
  ),
} as const satisfies Record<string, TSchema>;

export type EventType = keyof typeof eventSchemas;
export const eventTypes = Object.keys(eventSchemas) as EventType[];

/** Data of one event type. */
export type EventData<T extends EventType> = Static<(typeof eventSchemas)[T]>;

/** `actor`: who caused it (`api:<token name>`, `file:<path>`, `table:<name>`, `gateway`). */
export const EventMetadata = Type.Object({
  actor: Type.Optional(Type.String()),
  requestId: Type.Optional(Type.String()),
  rolledBackTo: Type.Optional(Type.Integer({ description: "The flow's version whose definition was given back." })),
});
export type EventMetadata = Static<typeof EventMetadata>;

/** An event to append; ids make appends idempotent. */
export type NewEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly id: string;
    readonly type: K;
    readonly schemaVersion: number;
    readonly data: EventData<K>;
    readonly metadata: EventMetadata;
  };
}[T];

/** The envelope: an event as the log gives it back. */
export type RecordedEvent<T extends EventType = EventType> = NewEvent<T> & {
  readonly stream: string;
  /** 1 for the first event of the stream, then contiguous. */
  readonly version: number;
  /** Opaque to all but the store that made it. */
  readonly position: string;
  /** RFC 3339 UTC; never goes back along the log. */
  readonly recordedAt: string;
};

export const EventEnvelope = Type.Object(
  {
    id: Type.String({ format: "uuid" }),
    stream: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    position: Type.String({ description: "The log-wide order; opaque." }),
    type: Type.Enum(eventTypes),
    schemaVersion: Type.Integer({ minimum: 1 }),
    data: Type.Record(Type.String(), Type.Unknown()),
    metadata: EventMetadata,
    recordedAt: Instant,
  },
  { $id: "Event" },
);
