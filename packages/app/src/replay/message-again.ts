/** A message as the log has it, as one that comes in again. */
import type { EventData, FlowDefinition } from "@sluice/contracts";
import { capturesOf, type DecodedPayload, type IncomingMessage, isOfBroker, type PayloadCodec } from "@sluice/domain";
import type { Route } from "../flows/flow-fold.ts";
import { decodeBytes } from "../ingest/encode-payload.ts";

type Received = EventData<"MessageReceived">;

/** Null where the log has only the beginning of the payload. */
export const decodeAgain = (received: Received, codec: PayloadCodec): DecodedPayload | null =>
  received.payloadSize === undefined ? codec.decode(decodeBytes(received.payload)) : null;

/** @returns null where the message is none of the flow's: its topic, or its broker, is another */
export const incomingAgain = (
  { definition, filter, validate }: Route,
  received: Received,
  decoded: DecodedPayload,
): IncomingMessage | null => {
  if (!isOfBroker(definition, received.broker)) return null;
  const captures = capturesOf(filter, received.topic);
  if (captures === null) return null;
  // What a repeat is, ingest alone decides, by the newest message of a topic; this one is old.
  const { messageId, source, broker, topic, payload, qos, retain, dup, properties, receivedAt } = received;
  return {
    ...{ messageId, source, broker, topic, captures, payload, qos, retain, dup, receivedAt, decoded },
    ...(properties === undefined ? {} : { properties }),
    errors: decoded.ok ? validate(decoded.value) : [],
  };
};

/** With nothing but this action. */
export const onlyAction = (definition: FlowDefinition, action: string): FlowDefinition => ({
  ...definition,
  actions: definition.actions.filter(({ id }) => id === action),
});
