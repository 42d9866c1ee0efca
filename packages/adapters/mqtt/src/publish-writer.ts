/**
 * Encodes PUBLISH (MQTT 5, 3.3) and PUBREL (3.6). Our own, next to the decoding: `mqtt-packet` takes user properties as
 * an object, in which neither their order nor a name like `__proto__` survives.
 */
import type { PublishProperties } from "@sluice/contracts";
import type { OutboundMessage } from "@sluice/domain";

const PUBLISH = 0x30;
const PUBREL = 0x62;
const DUP = 8;
const NO_PROPERTIES = Buffer.from([0]);
/** MQTT 5, 2.1.4. */
export const MAXIMUM_REMAINING_LENGTH = 268_435_455;
export const PACKET_IDENTIFIER_NOT_FOUND = 0x92;

export const variableInteger = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 0x80 : byte);
  } while (rest > 0);
  return Buffer.from(bytes);
};

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const binary = (bytes: Buffer): Buffer[] => [uint16(bytes.length), bytes];

const text = (value: string): Buffer[] => binary(Buffer.from(value, "utf8"));

/** The properties of PUBLISH (MQTT 5, 3.3.2.3) with their length. */
const encodeProperties = (properties: PublishProperties | undefined): Buffer => {
  if (properties === undefined) return NO_PROPERTIES;
  const parts: Buffer[] = [];
  const add = (identifier: number, ...values: Buffer[]) => parts.push(Buffer.from([identifier]), ...values);
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData, userProperties } =
    properties;
  if (payloadFormatIndicator !== undefined) add(0x01, Buffer.from([payloadFormatIndicator ? 1 : 0]));
  if (messageExpiryInterval !== undefined) add(0x02, uint32(messageExpiryInterval));
  if (contentType !== undefined) add(0x03, ...text(contentType));
  if (responseTopic !== undefined) add(0x08, ...text(responseTopic));
  if (correlationData !== undefined) add(0x09, ...binary(Buffer.from(correlationData.data, correlationData.encoding)));
  for (const [name, value] of userProperties ?? []) add(0x26, ...text(name), ...text(value));
  const bytes = Buffer.concat(parts);
  return Buffer.concat([variableInteger(bytes.length), bytes]);
};

export interface PublishFields {
  readonly message: OutboundMessage;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** Sent before [MQTT-3.3.1-1]. */
  readonly dup: boolean;
}

export const encodePublish = ({ message, packetId, dup }: PublishFields, protocolVersion: 4 | 5): Buffer => {
  const { topic, payload, qos, retain, properties } = message;
  const head = [
    ...text(topic),
    ...(qos === 0 ? [] : [uint16(packetId)]),
    ...(protocolVersion === 5 ? [encodeProperties(properties)] : []),
  ];
  const length = head.reduce((sum, { length }) => sum + length, payload.length);
  const flags = (dup ? DUP : 0) | (qos << 1) | (retain ? 1 : 0);
  return Buffer.concat([Buffer.from([PUBLISH | flags]), variableInteger(length), ...head, payload]);
};

/** @param reasonCode MQTT 5 only */
export const encodePubrel = (packetId: number, reasonCode = 0): Buffer =>
  reasonCode === 0
    ? Buffer.concat([Buffer.from([PUBREL, 2]), uint16(packetId)])
    : Buffer.concat([Buffer.from([PUBREL, 3]), uint16(packetId), Buffer.from([reasonCode])]);
