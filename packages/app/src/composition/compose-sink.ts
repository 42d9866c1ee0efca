/**
 * A sink in its own thread: the same ports, stores opened in the calling thread. Each reads the modules of its own work
 * only, which is most of what a thread takes to start.
 */
import type { Configuration } from "@sluice/contracts";
import { Container } from "inversify";
import type { Logger } from "pino";
import type { SinkFlow, SinkRole } from "../sinks/sink-protocol.ts";
import { storesModule } from "./modules/stores.ts";
import { systemModule } from "./modules/system.ts";
import type { Sink } from "./sinks/sink.ts";
import { tokens } from "./tokens.ts";

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
  await container.load(systemModule, await storesModule(options.configuration, "inline"));
  return makers[options.role](container);
};

const makers: Readonly<Record<SinkRole, (container: Container) => Promise<Sink>>> = {
  projector: async (container) => (await import("./sinks/projector.ts")).projector(container),
  forwarder: async (container) => (await import("./sinks/forwarder.ts")).forwarder(container),
  sealer: async (container) => (await import("./sinks/sealer.ts")).sealer(container),
};
