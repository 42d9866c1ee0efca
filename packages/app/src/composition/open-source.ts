/** From what a broker is to the adapter that takes its messages. */
import { EmbeddedBroker, EmbeddedBrokerSource } from "@sluice/adapter-broker";
import { MqttMessageSource } from "@sluice/adapter-mqtt";
import type { Configuration } from "@sluice/contracts";
import { DEFAULT_BROKER, type MessageSource } from "@sluice/domain";
import type { Logger } from "pino";
import type { BrokerSettings, EmbeddedBrokerSettings, RemoteBrokerSettings } from "../brokers/broker-settings.ts";
import { fileSessionMemory } from "../system/session-memory.ts";
import { locationsOf } from "./locations.ts";

/** A packet may be so much larger than MAX_PAYLOAD_BYTES: the payload that is too large is still taken, and recorded as that. */
const PACKET_OVERHEAD_BYTES = 3 * 1024 * 1024;

/** Neither connects nor listens. @throws TypeError on settings that cannot be worked with */
export const openSource = (settings: BrokerSettings, configuration: Configuration, log: Logger): MessageSource =>
  settings.kind === "embedded" ? embeddedSource(settings, configuration, log) : remoteSource(settings, configuration);

const remoteSource = (settings: RemoteBrokerSettings, configuration: Configuration): MessageSource => {
  const { kind: _kind, name, ...options } = settings;
  const { session } = locationsOf(configuration);
  return new MqttMessageSource({
    ...options,
    name,
    maximumPacketBytes: configuration.maxPayloadBytes + PACKET_OVERHEAD_BYTES,
    sessionMemory: fileSessionMemory(name === DEFAULT_BROKER ? session : session.replace(/\.json$/, `-${name}.json`)),
  });
};

/** The broker lives as long as its source. */
const embeddedSource = (
  { name, port, credentials }: EmbeddedBrokerSettings,
  configuration: Configuration,
  log: Logger,
): MessageSource => {
  const broker = new EmbeddedBroker({
    port,
    ...(credentials && { credentials }),
    maximumPacketBytes: configuration.maxPayloadBytes + PACKET_OVERHEAD_BYTES,
  });
  const source = new EmbeddedBrokerSource(broker, { name });
  return {
    name,
    start: async () => {
      await broker.start();
      if (broker.status.portTaken)
        log.warn({ url: broker.url }, "EMBEDDED_BROKER_PORT is taken; using the next free one");
      await source.start();
    },
    stop: async () => {
      await source.stop();
      await broker.stop();
    },
    subscribe: (subscriptions) => source.subscribe(subscriptions),
    receive: () => source.receive(),
    status: () => source.status(),
  };
};
