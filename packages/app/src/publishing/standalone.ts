/** A publisher with a queue of its own, for programs that have no gateway. */
import { MqttMessagePublisher } from "@sluice/adapter-mqtt";
import { SqliteInFlightStore, SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import type { LostPublish, MessagePublisher } from "@sluice/domain";
import { systemClock, uuidv7 } from "../system/ids.ts";
import type { PublisherSettings } from "./settings.ts";

export interface StandaloneOptions {
  /** Told of every message that will not be delivered. */
  readonly onLost?: (lost: LostPublish) => void;
}

export interface StandalonePublisher extends MessagePublisher {
  /** Ends the publisher and closes its queue, which a later one may open again. */
  stop(): Promise<void>;
}

/**
 * Opens the queue and begins to connect; resolves whether or not the broker can be reached.
 * @throws QueueUnavailable; UnusableDatabase when the file is something else's
 */
export const openPublisher = async (
  { values, url }: PublisherSettings,
  { onLost }: StandaloneOptions = {},
): Promise<StandalonePublisher> => {
  const queue = new SqliteOfflineQueue({ path: values.dbPath, capacity: values.maxQueueSize, durability: "newcomers" });
  const inFlight = new SqliteInFlightStore({ path: values.dbPath });
  const publisher = new MqttMessagePublisher({
    url,
    clientId: values.clientId,
    keepaliveSeconds: values.keepalive,
    backoff: { initialSeconds: values.minBackoff, maximumSeconds: values.maxBackoff },
    ...(values.username === undefined ? {} : { username: values.username }),
    ...(values.password === undefined ? {} : { password: values.password }),
    tls: {
      force: values.useTls,
      ...(values.caCerts === undefined ? {} : { ca: values.caCerts }),
      ...(values.certfile === undefined ? {} : { cert: values.certfile }),
      ...(values.keyfile === undefined ? {} : { key: values.keyfile }),
    },
    queue,
    inFlight,
    clock: systemClock,
    ids: uuidv7,
    ...(onLost && { onLost }),
  });
  const close = async (): Promise<void> => {
    await inFlight.stop();
    await queue.stop();
  };
  try {
    await queue.start();
    await inFlight.start();
    await publisher.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: publisher.name,
    start: async () => {},
    stop: async () => {
      await publisher.stop();
      await close();
    },
    publish: (request) => publisher.publish(request),
    connect: () => publisher.connect(),
    disconnect: () => publisher.disconnect(),
    status: () => publisher.status(),
  };
};
