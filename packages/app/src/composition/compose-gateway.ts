/** The gateway's own thread: everything but the work of the sinks. */

import { SqliteInFlightStore, SqliteMessageSpool, SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import type { Configuration } from "@sluice/contracts";
import { Container, ContainerModule } from "inversify";
import type { Logger } from "pino";
import { BrokerSet } from "../brokers/broker-set.ts";
import { FlowRegistry } from "../flows/flow-registry.ts";
import { IngestPipeline } from "../ingest/ingest-pipeline.ts";
import { Spool } from "../ingest/spool.ts";
import { Publishers } from "../publishing/publishers.ts";
import { locationsOf, snapshotNameOf } from "./locations.ts";
import { ajvModule } from "./modules/ajv.ts";
import { storesModule } from "./modules/stores.ts";
import { systemModule } from "./modules/system.ts";
import { openPublisher, publishTargets } from "./open-publisher.ts";
import { openSource } from "./open-source.ts";
import { tokens } from "./tokens.ts";

const ingestModule = new ContainerModule(({ bind }) => {
  bind(tokens.registry).toResolvedValue(
    (store, snapshots, validator, ids, log, configuration) =>
      new FlowRegistry({ store, snapshots, snapshotName: snapshotNameOf(configuration), validator, ids, log }),
    [tokens.eventStore, tokens.snapshotStore, tokens.validator, tokens.ids, tokens.log, tokens.configuration],
  );
  bind(tokens.spool).toResolvedValue(
    (configuration, store, log) => {
      const { events, spool: path } = locationsOf(configuration);
      const { spoolMaxBytes: capacityBytes } = configuration;
      if (events.kind === "sqlite" || capacityBytes === 0) return null;
      return new Spool({ spool: new SqliteMessageSpool({ path, capacityBytes }), store, log });
    },
    [tokens.configuration, tokens.eventStore, tokens.log],
  );
  bind(tokens.pipeline).toResolvedValue(
    (registry, store, codec, ids, clock, log, configuration, spool) => {
      const { maxPayloadBytes } = configuration;
      const ports = { registry, store, codec, ids, clock, log, maxPayloadBytes };
      return new IngestPipeline(spool === null ? ports : { ...ports, spool });
    },
    [
      tokens.registry,
      tokens.eventStore,
      tokens.codec,
      tokens.ids,
      tokens.clock,
      tokens.log,
      tokens.configuration,
      tokens.spool,
    ],
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

const publishingModule = new ContainerModule(({ bind }) => {
  bind(tokens.publishers).toResolvedValue(
    (brokers, configuration, clock, ids, log) => {
      const path = locationsOf(configuration).publishes;
      const queue = new SqliteOfflineQueue({
        path,
        capacity: configuration.publishQueueCapacity,
        durability: "newcomers",
      });
      const inFlight = new SqliteInFlightStore({ path });
      return new Publishers({
        queue,
        inFlight,
        targets: () => publishTargets(brokers, configuration),
        open: (target, onLost) => openPublisher(target, { queue, inFlight, clock, ids }, configuration, onLost),
        log,
      });
    },
    [tokens.brokers, tokens.configuration, tokens.clock, tokens.ids, tokens.log],
  );
});

export const composeGateway = async (configuration: Configuration, log: Logger): Promise<Container> => {
  const container = new Container({ defaultScope: "Singleton" });
  container.bind(tokens.configuration).toConstantValue(configuration);
  container.bind(tokens.log).toConstantValue(log);
  const stores = await storesModule(configuration, "workers");
  await container.load(systemModule, stores, ajvModule, ingestModule, brokersModule, publishingModule);
  return container;
};
