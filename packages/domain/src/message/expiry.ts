import type { ReceivedMessage } from "../ports/message-source.ts";

/** What the broker takes off are whole seconds, so that up to one second more may be left than it says. */
const GRANULARITY_MS = 1_000;

/**
 * Whether its message expiry interval (MQTT 5, 3.3.2.3.3) has passed. The broker has taken off the time for which the
 * message waited there [MQTT-3.3.2-6]; what it waits for here begins when it was received.
 *
 * @param now milliseconds since the epoch
 */
export const isExpired = ({ properties, receivedAt }: ReceivedMessage, now: number): boolean => {
  const interval = properties?.messageExpiryInterval;
  return interval !== undefined && now - receivedAt >= interval * 1_000 + GRANULARITY_MS;
};
