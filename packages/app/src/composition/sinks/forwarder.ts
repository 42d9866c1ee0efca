import type { FlowDefinition, PostEndpointAction } from "@sluice/contracts";
import type { OfflineQueue } from "@sluice/domain";
import type { Container } from "inversify";
import { DeliveryRunner } from "../../sinks/delivery-runner.ts";
import { Forwarder } from "../../sinks/forwarder.ts";
import { whileHeld } from "../../sinks/lease.ts";
import { LogFollower } from "../../sinks/sink.ts";
import { FORWARDER } from "../../sinks/sink-names.ts";
import { httpModule } from "../modules/http.ts";
import { tokens } from "../tokens.ts";
import type { Sink } from "./sink.ts";

export const forwarder = async (container: Container): Promise<Sink> => {
  await container.load(httpModule);
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
  const following = new Forwarder({
    queue,
    priorityOf: (flow, action) => endpointAction(definitionOf(flow), action)?.priority,
    onChange: () => runner.wake(),
  });
  const follower = new LogFollower(following, { store, clock, log });
  return {
    start: async () => {
      await store.start();
      await queue.start();
      await gateway.start();
    },
    run: async (signal) => {
      const reading = follower.run(signal);
      // Results that the log holds already must be known before anything is delivered: the queue may have been lost.
      await Promise.race([follower.caughtUp, reading]);
      const delivering = whileHeld(lease, FORWARDER, signal, log, async (held) => {
        // The results of the gateway that delivered before must be known as well.
        await follower.reachHead(held);
        await runner.run(held);
      });
      await Promise.all([reading, delivering]);
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

const endpointAction = (definition: FlowDefinition | undefined, id: string): PostEndpointAction | undefined => {
  const action = definition?.actions.find((candidate) => candidate.id === id);
  return action?.type === "POST_ENDPOINT" ? action : undefined;
};
