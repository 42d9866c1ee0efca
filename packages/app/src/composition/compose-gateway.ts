/** The gateway's own thread: everything but the work of the sinks. */

import type { Configuration } from "@sluice/contracts";
import { Container, ContainerModule } from "inversify";
import type { Logger } from "pino";
import { BrokerSet } from "../brokers/broker-set.ts";
import { FlowRegistry } from "../flows/flow-registry.ts";
import { IngestPipeline } from "../ingest/ingest-pipeline.ts";
import { ajvModule, storesModule, systemModule } from "./modules.ts";
import { openSource } from "./open-source.ts";
import { tokens } from "./tokens.ts";

const ingestModule = new ContainerModule(({ bind }) => {
  bind(tokens.registry).toResolvedValue(
    (store, snapshots, validator, ids, log) => new FlowRegistry({ store, snapshots, validator, ids, log }),
    [tokens.eventStore, tokens.snapshotStore, tokens.validator, tokens.ids, tokens.log],
  );
  bind(tokens.pipeline).toResolvedValue(
    (registry, store, codec, ids, clock, log, configuration) =>
      new IngestPipeline({ registry, store, codec, ids, clock, log, maxPayloadBytes: configuration.maxPayloadBytes }),
    [tokens.registry, tokens.eventStore, tokens.codec, tokens.ids, tokens.clock, tokens.log, tokens.configuration],
  );
});

const brokersModule = new ContainerModule(({ bind }) => {
  bind(tokens.brokers).toResolvedValue(
    (registry, pipeline, log, configuration) =>
      new BrokerSet({
        open: (settings) => openSource(settings, configuration, log),
        run: (source) => pipeline.run(source),
        subscriptions: (name) => registry.subscriptions(name),
        onFlowsChange: (listener) => registry.onChange(listener),
        log,
      }),
    [tokens.registry, tokens.pipeline, tokens.log, tokens.configuration],
  );
});

export const composeGateway = async (configuration: Configuration, log: Logger): Promise<Container> => {
  const container = new Container({ defaultScope: "Singleton" });
  container.bind(tokens.configuration).toConstantValue(configuration);
  container.bind(tokens.log).toConstantValue(log);
  await container.load(systemModule, storesModule("workers"), ajvModule, ingestModule, brokersModule);
  return container;
};
