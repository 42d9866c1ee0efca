/** A sink in its own thread: the same ports, stores opened in the calling thread. */
import type { Configuration, FlowDefinition, PostEndpointAction } from "@sluice/contracts";
import type { OfflineQueue } from "@sluice/domain";
import { Container } from "inversify";
import type { Logger } from "pino";
import { DeliveryRunner } from "../sinks/delivery-runner.ts";
import { FORWARDER, Forwarder } from "../sinks/forwarder.ts";
import { whileHeld } from "../sinks/lease.ts";
import { ProjectorSink } from "../sinks/projector-sink.ts";
import { LogFollower } from "../sinks/sink.ts";
import type { SinkFlow, SinkReport, SinkRole } from "../sinks/sink-protocol.ts";
import { sealerSink } from "./compose-sealer.ts";
import { httpModule, storesModule, systemModule } from "./modules.ts";
import { tokens } from "./tokens.ts";

export interface Sink {
  start(): Promise<void>;
  /** Until the signal. */
  run(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  report(): Promise<SinkReport>;
}

export interface SinkOptions {
  readonly role: SinkRole;
  readonly configuration: Configuration;
  /** Kept current by the caller. */
  readonly flows: ReadonlyMap<string, SinkFlow>;
  readonly log: Logger;
}

export const composeSink = async (options: SinkOptions): Promise<Sink> => {
  const container = new Container({ defaultScope: "Singleton" });
  container.bind(tokens.configuration).toConstantValue(options.configuration);
  container.bind(tokens.log).toConstantValue(options.log);
  container.bind(tokens.sinkFlows).toConstantValue(options.flows);
  await container.load(systemModule, await storesModule(options.configuration, "inline"), httpModule);
  return makers[options.role](container);
};

const projectorSink = (container: Container): Sink => {
  const store = container.get(tokens.eventStore);
  const projection = container.get(tokens.projectionStore);
  const rebuild = container.get(tokens.projectionRebuild);
  const sink = new ProjectorSink({
    ...{ store, projection, rebuild },
    lease: container.get(tokens.sinkLease),
    flows: () => container.get(tokens.sinkFlows).values(),
    clock: container.get(tokens.clock),
    log: container.get(tokens.log),
    retentionDays: container.get(tokens.configuration).dataRetentionDays,
  });
  return {
    start: async () => {
      await store.start();
      await projection.start();
      await rebuild.start();
    },
    run: (signal) => sink.run(signal),
    stop: async () => {
      await rebuild.stop();
      await projection.stop();
      await store.stop();
    },
    report: () => sink.report(),
  };
};

const forwarderSink = (container: Container): Sink => {
  const store = container.get(tokens.eventStore);
  const queue: OfflineQueue = container.get(tokens.deliveryQueue);
  const gateway = container.get(tokens.endpointGateway);
  const clock = container.get(tokens.clock);
  const log = container.get(tokens.log);
  const flows = container.get(tokens.sinkFlows);
  const lease = container.get(tokens.sinkLease);
  const definitionOf = (flow: string): FlowDefinition | undefined => flows.get(flow)?.definition;
  const runner = new DeliveryRunner({
    store,
    queue,
    gateway,
    clock,
    ids: container.get(tokens.ids),
    random: Math.random,
    log,
    definitionOf,
  });
  const forwarder = new Forwarder({
    queue,
    priorityOf: (flow, action) => endpointAction(definitionOf(flow), action)?.priority,
    onChange: () => runner.wake(),
  });
  const follower = new LogFollower(forwarder, { store, clock, log });
  return {
    start: async () => {
      await store.start();
      await queue.start();
      await gateway.start();
    },
    run: async (signal) => {
      const following = follower.run(signal);
      // Results that the log holds already must be known before anything is delivered: the queue may have been lost.
      await Promise.race([follower.caughtUp, following]);
      const delivering = whileHeld(lease, FORWARDER, signal, log, async (held) => {
        // The results of the gateway that delivered before must be known as well.
        await follower.reachHead(held);
        await runner.run(held);
      });
      await Promise.all([following, delivering]);
    },
    stop: async () => {
      await gateway.stop();
      await queue.stop();
      await store.stop();
    },
    report: async () => {
      // Asked for together: in this thread nothing comes between them, so the figures belong to one moment.
      const [counts, groups, statistics] = await Promise.all([queue.counts(), runner.status(), queue.statistics()]);
      return {
        role: "forwarder",
        sink: await follower.status(),
        groups: new Map(groups.map((group) => [group.group, group])),
        counts,
        queue: statistics,
      };
    },
  };
};

const makers = { projector: projectorSink, forwarder: forwarderSink, sealer: sealerSink } as const;

const endpointAction = (definition: FlowDefinition | undefined, id: string): PostEndpointAction | undefined => {
  const action = definition?.actions.find((candidate) => candidate.id === id);
  return action?.type === "POST_ENDPOINT" ? action : undefined;
};
