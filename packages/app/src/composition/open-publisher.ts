/** From what a broker is to where the gateway publishes to it, and to the adapter that does. */
import { MqttMessagePublisher } from "@sluice/adapter-mqtt";
import type { Configuration } from "@sluice/contracts";
import type { Clock, IdSource, InFlightStore, LostPublish, MessagePublisher, OfflineQueue } from "@sluice/domain";
import type { BrokerSet } from "../brokers/broker-set.ts";
import type { PublishTarget } from "../publishing/publishers.ts";

/** An embedded broker that does not listen yet has no address, and is left out. */
export const publishTargets = (brokers: BrokerSet, { mqttClientId }: Configuration): readonly PublishTarget[] => {
  const listening = brokers.status().sources.filter(({ connected }) => connected);
  const urls = new Map(listening.map(({ name, url }) => [name, url]));
  return brokers.settings().flatMap((settings): PublishTarget[] => {
    if (settings.kind === "remote") {
      const { kind: _, ...target } = settings;
      return [{ ...target, clientId: `${settings.clientId}-publisher` }];
    }
    const { name, credentials } = settings;
    const url = urls.get(name);
    return url ? [{ name, url, clientId: `${mqttClientId}-publisher`, ...credentials }] : [];
  });
};

export interface PublisherPorts {
  readonly queue: OfflineQueue;
  readonly inFlight: InFlightStore;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export const openPublisher = (
  target: PublishTarget,
  ports: PublisherPorts,
  { maxPayloadBytes }: Configuration,
  onLost: (lost: LostPublish) => void,
): MessagePublisher => new MqttMessagePublisher({ ...target, ...ports, onLost, maximumPayloadBytes: maxPayloadBytes });
