/** Publishing through the gateway's queue. */
import { type Static, Type } from "typebox";
import { PublishProperties } from "../events.ts";
import { QoS } from "../flow-definition.ts";
import { Nullable, strict } from "./shared.ts";

/** `PublishProperties` for a request: a tuple is no JSON Schema 2020-12 in TypeBox's words. */
const Properties = Type.Object(
  {
    ...PublishProperties.properties,
    userProperties: Type.Optional(
      Type.Array(Type.Array(Type.String(), { minItems: 2, maxItems: 2 }), { description: "Name and value." }),
    ),
  },
  strict,
);

export const PublishInput = Type.Object(
  {
    topic: Type.String({ minLength: 1, description: "Without wildcards." }),
    payload: Type.Optional(Type.String({ description: "Text, sent as UTF-8." })),
    payloadBase64: Type.Optional(Type.String({ description: "Bytes; instead of `payload`. Both absent: empty." })),
    qos: Type.Optional(QoS),
    retain: Type.Optional(Type.Boolean({ default: false })),
    priority: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10,
        default: 5,
        description: "10 goes first; in a full queue a message makes room for a higher priority.",
      }),
    ),
    broker: Type.Optional(Type.String({ minLength: 1, description: "Name of a broker; absent: the first." })),
    properties: Type.Optional(Properties),
    wait: Type.Optional(
      Type.Boolean({ default: false, description: "Answer when the broker has acknowledged, or after the timeout." }),
    ),
    timeoutSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 60, default: 10 })),
  },
  { ...strict, $id: "PublishInput" },
);
export type PublishInput = Static<typeof PublishInput>;

export const PublishResult = Type.Object(
  {
    id: Type.String(),
    broker: Type.String(),
    topic: Type.String(),
    state: Type.Union([Type.Literal("queued"), Type.Literal("sent"), Type.Literal("acknowledged")], {
      description:
        "queued: on disk, and goes out when the broker is there. sent: QoS 0, handed to the connection. acknowledged: " +
        "the broker has it.",
    }),
    reasonCode: Type.Optional(
      Type.Integer({ description: "Of the acknowledgement; 16: nobody has subscribed (MQTT 5)." }),
    ),
  },
  { $id: "PublishResult" },
);
export type PublishResult = Static<typeof PublishResult>;

const count = Type.Integer();
export const PublishStatus = Type.Object(
  {
    queue: Type.Object({
      total: count,
      byPriority: Type.Record(Type.String(), count),
      oldestAgeSeconds: Nullable(Type.Number()),
      capacityUsedPercent: Type.Number(),
    }),
    publishers: Type.Array(
      Type.Object({
        broker: Type.String(),
        url: Type.String({ description: "Without credentials." }),
        clientId: Type.String(),
        connected: Type.Boolean(),
        protocolVersion: Nullable(Type.Integer()),
        tls: Type.Boolean(),
        currentBackoffSeconds: Type.Number(),
        lastError: Nullable(Type.String()),
        waiting: count,
        inFlight: Type.Integer({ description: "Sent and not acknowledged." }),
        sent: count,
        acknowledged: count,
        lost: Type.Object(
          { refused: count, evicted: count, rejected: count, expired: count },
          { description: "Since the queue was made; each was logged." },
        ),
      }),
      { description: "One a broker, from the first message for it on." },
    ),
    stray: Type.Array(Type.Object({ broker: Type.String(), waiting: count }), {
      description: "Messages that wait for a broker that this gateway does not have at the moment.",
    }),
  },
  { $id: "PublishStatus" },
);
export type PublishStatus = Static<typeof PublishStatus>;
