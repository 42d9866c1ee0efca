/** Decodes PUBLISH (MQTT 5, 3.3) from the wire. */
import type { PublishProperties } from "@sluice/contracts";
import { MalformedPacket, PacketTooLarge } from "./packet-reader.ts";
import { readPublishProperties } from "./publish-properties.ts";

export interface PublishPacket {
  readonly topic: string;
  /** A view of what was read: holding on to it holds on to its neighbours, up to 64 KiB. */
  readonly payload: Buffer;
  /** As it was published: more than `payload` has where the packet was cut. */
  readonly payloadLength: number;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly properties: PublishProperties | undefined;
  /** Of the subscriptions that this copy is for [MQTT-3.3.4-3]; empty where the broker does not say. */
  readonly subscriptionIdentifiers: readonly number[];
}

const NO_IDENTIFIERS: readonly number[] = [];
const SUBSCRIPTION_IDENTIFIER = 0x0b;
/** Of a packet that was cut: so much may come before the payload, that the most of what was kept is payload. */
const MAXIMUM_HEADER_OF_CUT = 1024 * 1024;

/**
 * The topic is given as it came, whatever characters it has: a name that is against the rules must be recorded and
 * acknowledged, or the broker would send it for ever. Ill-formed UTF-8 in it is replaced by U+FFFD.
 *
 * @param cut bytes of the payload that are missing after `end`
 * @throws MalformedPacket, PacketTooLarge
 */
export const decodePublish = (
  buffer: Buffer,
  start: number,
  body: number,
  end: number,
  cut: number,
  protocolVersion: 4 | 5,
): PublishPacket => {
  const flags = buffer[start] as number;
  const qos = (flags >> 1) & 3;
  if (qos === 3) throw new MalformedPacket("PUBLISH with QoS 3 [MQTT-3.3.1-4]");
  const topicStart = body + 2;
  if (topicStart > end) throw new MalformedPacket("PUBLISH without a topic");
  const topicEnd = topicStart + buffer.readUInt16BE(body);
  // An empty topic needs a topic alias, for which we gave no permission [MQTT-3.1.2-26].
  if (topicEnd === topicStart) throw new MalformedPacket("PUBLISH with an empty topic [MQTT-4.7.3-1]");
  let at = topicEnd + (qos === 0 ? 0 : 2);
  if (at > end) throw new MalformedPacket("PUBLISH shorter than its header");
  const packetId = qos === 0 ? 0 : buffer.readUInt16BE(topicEnd);
  if (qos > 0 && packetId === 0) throw new MalformedPacket("PUBLISH with packet identifier 0 [MQTT-2.2.1-3]");
  let properties: PublishProperties | undefined;
  let subscriptionIdentifiers = NO_IDENTIFIERS;
  if (protocolVersion === 5) {
    if (at === end) throw new MalformedPacket("PUBLISH without a property length");
    if (buffer[at] === 0) at += 1;
    else if (at + 3 <= end && hasOneSmallIdentifierAlone(buffer, at)) {
      subscriptionIdentifiers = [buffer[at + 2] as number];
      at += 3;
    } else ({ properties, subscriptionIdentifiers, end: at } = readPublishProperties(buffer, at, end));
  }
  if (cut > 0 && at - start > MAXIMUM_HEADER_OF_CUT) throw new PacketTooLarge("PUBLISH with properties of a megabyte");
  return {
    topic: buffer.toString("utf8", topicStart, topicEnd),
    payload: buffer.subarray(at, end),
    payloadLength: end - at + cut,
    qos: qos as 0 | 1 | 2,
    retain: (flags & 1) !== 0,
    dup: (flags & 8) !== 0,
    packetId,
    properties,
    subscriptionIdentifiers,
  };
};

/** The usual case: a publisher that sets no properties. */
const hasOneSmallIdentifierAlone = (buffer: Buffer, at: number): boolean =>
  buffer[at] === 2 && buffer[at + 1] === SUBSCRIPTION_IDENTIFIER && (buffer[at + 2] as number) < 0x80;
