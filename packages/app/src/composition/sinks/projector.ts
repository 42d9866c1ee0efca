import type { Container } from "inversify";
import { ProjectorSink } from "../../sinks/projector-sink.ts";
import { tokens } from "../tokens.ts";
import type { Sink } from "./sink.ts";

export const projector = async (container: Container): Promise<Sink> => {
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
