/** What of a message depends on the broker and on time. */
import type { OutboundMessage } from "@sluice/domain";
import { encodePublish, MAXIMUM_REMAINING_LENGTH } from "./publish-writer.ts";
import type { BrokerLimits } from "./publisher-link.ts";

const ANY_PACKET_ID = 1;
const LARGEST_HEADER_BYTES = 5;
/** Fixed header, length of the topic, packet identifier, length of no properties. */
const HEADER_BYTES = LARGEST_HEADER_BYTES + 2 + 2 + 1;

/** Why this broker would not take it, so that sending it would only cost the connection; null when it may. */
export const brokerFault = (message: OutboundMessage, limits: BrokerLimits): string | null => {
  const { qos, retain } = message;
  if (qos > limits.maximumQos) return `the broker takes no QoS above ${limits.maximumQos} [MQTT-3.2.2-11]`;
  if (retain && !limits.retainAvailable) return "the broker keeps no retained messages [MQTT-3.2.2-14]";
  const maximum = Math.min(limits.maximumPacketBytes, MAXIMUM_REMAINING_LENGTH + LARGEST_HEADER_BYTES);
  // Most are far smaller; UTF-8 has three bytes at the most for what JavaScript counts as one.
  const { topic, payload, properties } = message;
  if (properties === undefined && payload.length + topic.length * 3 + HEADER_BYTES <= maximum) return null;
  const bytes = encodePublish({ message, packetId: ANY_PACKET_ID, dup: false }, limits.protocolVersion).length;
  return bytes > maximum ? `its packet has ${bytes} bytes, the broker takes ${maximum} [MQTT-3.2.2-15]` : null;
};

/** The message with the rest of its time to live; null when that is over. */
export const aged = (message: OutboundMessage, enqueuedAt: number, now: number): OutboundMessage | null => {
  const interval = message.properties?.messageExpiryInterval;
  if (interval === undefined) return message;
  const left = interval - Math.max(0, Math.floor((now - enqueuedAt) / 1_000));
  if (left < 0 || (left === 0 && interval > 0)) return null;
  return { ...message, properties: { ...message.properties, messageExpiryInterval: left } };
};
