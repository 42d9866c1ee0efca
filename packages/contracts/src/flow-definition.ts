/**
 * The flow definition as it crosses a boundary: what an operator writes (`FlowDefinitionInput`) and what the
 * log keeps once every default has been filled in (`FlowDefinition`).
 *
 * Sizes follow the tables of the older gateway: code ≤ 100, description ≤ 255, topic ≤ 255, url ≤ 500 characters.
 */
import { type Static, Type } from "typebox";

/** Also a part of stream names, URLs and metric labels, hence the narrow alphabet. */
export const FlowCode = Type.String({
  // Not `.` or `..`: no URL can end with them (RFC 3986, section 5.2.4).
  pattern: "^(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,100}$",
  description: "The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.",
  examples: ["AHT10_SENSOR"],
});

export const QoS = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)], {
  description: "Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1].",
});
export type QoS = Static<typeof QoS>;

export const PayloadCodecName = Type.Enum(["json"], {
  description: "How the payload's bytes become a value.",
});

/**
 * JSON Schema 2020-12, or the older gateway's flat dialect: `{ field: "float" }`, `{ field: { type: "float" } }` or
 * `{ properties: { … } }`. Which of the two it is, is decided by `normalisePayloadSchema` in the domain.
 */
export const PayloadSchema = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Boolean()], {
  description: 'JSON Schema 2020-12, or the flat dialect { field: "float" }.',
  examples: [{ temperature: "float", humidity: "float" }],
});
export type PayloadSchema = Static<typeof PayloadSchema>;

const thresholdFields = {
  attribute: Type.String({ minLength: 1, description: "Name of a top-level attribute." }),
  min: Type.Optional(Type.Number({ description: "Lowest value that is within bounds." })),
  max: Type.Optional(Type.Number({ description: "Highest value that is within bounds." })),
};
const OnBreach = Type.Union([Type.Literal("flag"), Type.Literal("reject")], { default: "flag" });
export const ThresholdInput = Type.Object(
  { ...thresholdFields, onBreach: Type.Optional(OnBreach) },
  { additionalProperties: false },
);
export const Threshold = Type.Object({ ...thresholdFields, onBreach: OnBreach }, { additionalProperties: false });
export type Threshold = Static<typeof Threshold>;

/** Identity of an action within its flow: conserved counts, deliveries and cursors are kept by it. */
export const ActionId = Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" });

const storeDbFields = {
  type: Type.Literal("STORE_DB"),
  attributes: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      uniqueItems: true,
      description: "Only these top-level attributes are stored; default: all.",
    }),
  ),
  rename: Type.Optional(
    Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      description: "Attribute name in the payload → name to store it under.",
    }),
  ),
};

const postEndpointFields = {
  type: Type.Literal("POST_ENDPOINT"),
  url: Type.String({
    pattern: "^https?://",
    maxLength: 500,
    description: "Where the payload is posted to.",
    examples: ["http://127.0.0.1:9000/readings"],
  }),
};

const deliveryOptions = {
  headers: Type.Record(Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }), Type.String()),
  timeoutSeconds: Type.Number({ exclusiveMinimum: 0, maximum: 600, description: "Per attempt." }),
  maxAttempts: Type.Integer({ minimum: 1, maximum: 1000, description: "Attempts before the delivery is dead." }),
  ordered: Type.Boolean({ description: "One delivery at a time, in message order; a failing one holds the rest." }),
  concurrency: Type.Integer({ minimum: 1, maximum: 256, description: "Requests in flight when not ordered." }),
  priority: Type.Integer({ minimum: 1, maximum: 10, description: "10 goes first." }),
};

export const StoreDbActionInput = Type.Object(
  { id: Type.Optional(ActionId), ...storeDbFields },
  { additionalProperties: false },
);
export const PostEndpointActionInput = Type.Object(
  { id: Type.Optional(ActionId), ...postEndpointFields, ...Type.Partial(Type.Object(deliveryOptions)).properties },
  { additionalProperties: false },
);
export const ActionType = Type.Union([Type.Literal("STORE_DB"), Type.Literal("POST_ENDPOINT")]);
export const ActionInput = Type.Union([StoreDbActionInput, PostEndpointActionInput]);
export type ActionInput = Static<typeof ActionInput>;

export const StoreDbAction = Type.Object({ id: ActionId, ...storeDbFields }, { additionalProperties: false });
export const PostEndpointAction = Type.Object(
  { id: ActionId, ...postEndpointFields, ...deliveryOptions },
  { additionalProperties: false },
);
export const Action = Type.Union([StoreDbAction, PostEndpointAction]);
export type StoreDbAction = Static<typeof StoreDbAction>;
export type PostEndpointAction = Static<typeof PostEndpointAction>;
export type Action = Static<typeof Action>;

const OnInvalid = Type.Union([Type.Literal("reject"), Type.Literal("flag")], {
  description:
    "reject: an invalid message is recorded and goes no further. flag: it is recorded as invalid and handled.",
});
const TimestampPointer = Type.String({
  pattern: "^(/([^~/]|~[01])*)+$",
  description:
    "JSON pointer to the device's own time in the payload (RFC 6901); RFC 3339 text, or a Unix time in s or ms.",
  examples: ["/timestamp"],
});

const shared = {
  code: FlowCode,
  topic: Type.String({
    minLength: 1,
    maxLength: 255,
    description: "MQTT topic filter; levels may be named: sensors/{site}/{device}/data captures site and device.",
    examples: ["sensors/{site}/{device}/data"],
  }),
};

export const FlowDefinitionInput = Type.Object(
  {
    ...shared,
    description: Type.Optional(Type.String({ maxLength: 255 })),
    enabled: Type.Optional(Type.Boolean({ default: true })),
    broker: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: "Name of a configured broker, or * for every broker of the gateway; without it: default.",
      }),
    ),
    qos: Type.Optional(QoS),
    payloadSchema: Type.Optional(Type.Union([PayloadSchema, Type.Null()])),
    payload: Type.Optional(
      Type.Object(
        {
          codec: Type.Optional(PayloadCodecName),
          onInvalid: Type.Optional(OnInvalid),
          timestamp: Type.Optional(TimestampPointer),
        },
        { additionalProperties: false },
      ),
    ),
    actions: Type.Array(ActionInput, { minItems: 1, maxItems: 20 }),
    thresholds: Type.Optional(Type.Array(ThresholdInput, { maxItems: 100 })),
  },
  { additionalProperties: false, $id: "FlowDefinitionInput" },
);
export type FlowDefinitionInput = Static<typeof FlowDefinitionInput>;

/** A definition with every default filled in; what `FlowDefined` and `FlowRevised` carry. `enabled` is state, not definition. */
export const FlowDefinition = Type.Object(
  {
    ...shared,
    description: Type.String(),
    broker: Type.String({
      description:
        "Name of the broker: 'default' is that of MQTT_URL, else the default row of mqtt_servers, else the embedded " +
        "one; * is every broker.",
    }),
    qos: QoS,
    payloadSchema: Type.Union([PayloadSchema, Type.Null()], {
      description: "As it was given; null: anything is valid.",
    }),
    payload: Type.Object({
      codec: PayloadCodecName,
      onInvalid: OnInvalid,
      timestamp: Type.Optional(TimestampPointer),
    }),
    actions: Type.Array(Action),
    thresholds: Type.Array(Threshold),
  },
  { $id: "FlowDefinition" },
);
export type FlowDefinition = Static<typeof FlowDefinition>;
