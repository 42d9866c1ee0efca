/**
 * The publishers of this gateway: one a broker, made when there is something for it, over one queue.
 *
 * A broker whose settings have changed gets a new publisher, which takes up what the old one left. What waits for a
 * broker that is gone stays in the queue until the broker is back.
 */
import { isDeepStrictEqual } from "node:util";
import type { MqttPublisherOptions } from "@sluice/adapter-mqtt";
import {
  type InFlightStore,
  type LostPublish,
  type MessagePublisher,
  type OfflineQueue,
  type PublisherStatus,
  PublisherUnavailable,
  type PublishReceipt,
  type PublishRequest,
  type QueueStatistics,
} from "@sluice/domain";
import type { Logger } from "pino";

/** Where to publish, and as whom. */
export type PublishTarget = { readonly name: string } & Pick<
  MqttPublisherOptions,
  "url" | "clientId" | "username" | "password" | "tls" | "keepaliveSeconds"
>;

export interface PublishersDependencies {
  readonly queue: OfflineQueue;
  readonly inFlight: InFlightStore;
  /** The brokers that there are now, the first of them the default. */
  readonly targets: () => readonly PublishTarget[];
  /** Neither connects nor starts anything. */
  readonly open: (target: PublishTarget, onLost: (lost: LostPublish) => void) => MessagePublisher;
  readonly log: Logger;
}

export interface PublishersStatus {
  readonly queue: QueueStatistics;
  readonly publishers: readonly PublisherStatus[];
  readonly stray: readonly { readonly broker: string; readonly waiting: number }[];
}

export interface PublishersReport extends PublishersStatus {
  /** Why the queue cannot be read; null when it can. */
  readonly error: string | null;
}

export class UnknownBroker extends Error {
  override readonly name = "UnknownBroker";
}

interface Running {
  readonly target: PublishTarget;
  readonly publisher: MessagePublisher;
}

/** How soon a change of the brokers is noticed when nothing is published. */
const LOOK_MS = 5_000;

export class Publishers {
  readonly #deps: PublishersDependencies;
  readonly #running = new Map<string, Running>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(dependencies: PublishersDependencies) {
    this.#deps = dependencies;
  }

  /** Opens the queue. Publishers follow when `reconcile` finds something for them. */
  async start(): Promise<void> {
    await this.#deps.queue.start();
    await this.#deps.inFlight.start();
    this.#timer = setInterval(() => void this.reconcile(), LOOK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#turn.catch(() => {});
    await Promise.all([...this.#running.values()].map(({ publisher }) => publisher.stop()));
    await this.#deps.inFlight.stop();
    await this.#deps.queue.stop();
  }

  /**
   * @param broker default: the first
   * @throws UnknownBroker, InvalidPublish, PublisherUnavailable, QueueUnavailable
   */
  async publish(
    broker: string | undefined,
    request: PublishRequest,
  ): Promise<{ readonly broker: string; readonly receipt: PublishReceipt }> {
    const target = this.#targetOf(broker);
    const running = this.#running.get(target.name);
    const publisher =
      running !== undefined && isDeepStrictEqual(running.target, target)
        ? running.publisher
        : await this.#inTurn(() => this.#open(target));
    return { broker: target.name, receipt: await publisher.publish(request) };
  }

  /**
   * Makes publishers for what waits, replaces those whose broker has changed, and ends those whose broker is gone. Never
   * rejects: what fails is logged, and tried again in a moment.
   */
  async reconcile(): Promise<void> {
    try {
      await this.#inTurn(() => this.#reconcile());
    } catch (error) {
      if (!this.#stopped) this.#deps.log.error({ err: error }, "publishers cannot be started");
    }
  }

  async #reconcile(): Promise<void> {
    const targets = new Map(this.#deps.targets().map((target) => [target.name, target]));
    for (const [name, { publisher }] of this.#running) {
      if (targets.has(name)) continue;
      this.#running.delete(name);
      await publisher.stop();
    }
    const waiting = new Set((await this.#deps.queue.groups()).map(({ group }) => group));
    for (const [name, target] of targets) {
      const wanted = this.#running.has(name) || waiting.has(name) || (await this.#deps.inFlight.count(name)) > 0;
      if (wanted) await this.#open(target);
    }
  }

  async status(): Promise<PublishersStatus> {
    const { queue } = this.#deps;
    const publishers = await Promise.all([...this.#running.values()].map(({ publisher }) => publisher.status()));
    const names = new Set(publishers.map(({ name }) => name));
    const stray = (await queue.groups())
      .filter(({ group, waiting }) => waiting > 0 && !names.has(group))
      .map(({ group, waiting }) => ({ broker: group, waiting }));
    return { queue: await queue.statistics(), publishers, stray };
  }

  /** As `status`, but what fails is a part of it. */
  async report(): Promise<PublishersReport> {
    try {
      return { ...(await this.status()), error: null };
    } catch (error) {
      const queue = { total: 0, byPriority: new Map(), capacityUsedPercent: 0, oldest: null, dead: 0 };
      return { queue, publishers: [], stray: [], error: (error as Error).message };
    }
  }

  #targetOf(broker: string | undefined): PublishTarget {
    const targets = this.#deps.targets();
    const target = broker === undefined ? targets[0] : targets.find(({ name }) => name === broker);
    if (target !== undefined) return target;
    const names = targets.map(({ name }) => name).join(", ");
    throw new UnknownBroker(names === "" ? "there is no broker at the moment" : `the brokers are: ${names}`);
  }

  /** Started, with these settings; in turn only. */
  async #open(target: PublishTarget): Promise<MessagePublisher> {
    const running = this.#running.get(target.name);
    if (running !== undefined && isDeepStrictEqual(running.target, target)) return running.publisher;
    this.#running.delete(target.name);
    await running?.publisher.stop();
    const publisher = this.#deps.open(target, (lost) => this.#note(target.name, lost));
    await publisher.start();
    this.#running.set(target.name, { target, publisher });
    return publisher;
  }

  #note(broker: string, { loss, ...lost }: LostPublish): void {
    this.#deps.log.warn({ broker, ...lost }, `publish ${loss}`);
  }

  /** @throws PublisherUnavailable after `stop` */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn
      .catch(() => {})
      .then(() => {
        if (this.#stopped) throw new PublisherUnavailable("the gateway is stopping");
        return work();
      });
    this.#turn = done;
    return done;
  }
}
