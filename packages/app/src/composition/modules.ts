/**
 * Which adapter stands behind which port: one module an adapter package. No I/O happens here; what has a life is started
 * and stopped by `gateway.ts` and `compose-sink.ts`, in an order that is written out there.
 */
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import { EndpointGuard, UndiciEndpointGateway } from "@sluice/adapter-http";
import { SqliteOfflineQueue, SqliteSealStore, SqliteSnapshotStore } from "@sluice/adapter-sqlite";
import type { Configuration } from "@sluice/contracts";
import { ContainerModule } from "inversify";
import { newTreeName, systemClock, uuidv7 } from "../system/ids.ts";
import { locationsOf } from "./locations.ts";
import { logStoresAt, projectionStoresAt, type StoreThreads } from "./stores/stores.ts";
import { tokens } from "./tokens.ts";

export const systemModule = new ContainerModule(({ bind }) => {
  bind(tokens.clock).toConstantValue(systemClock);
  bind(tokens.ids).toConstantValue(uuidv7);
});

/** The stores; their adapters are chosen by the schemes of the configured URLs. */
export const storesModule = async (configuration: Configuration, threads: StoreThreads): Promise<ContainerModule> => {
  const { events, projection } = locationsOf(configuration);
  const [ofLog, ofProjection] = await Promise.all([logStoresAt(events), projectionStoresAt(projection)]);
  const { dataRetentionDays: retentionDays } = configuration;
  return new ContainerModule(({ bind }) => {
    bind(tokens.eventStore).toResolvedValue((clock) => ofLog.eventStore({ clock, threads }), [tokens.clock]);
    bind(tokens.sinkLease).toResolvedValue(() => ofLog.sinkLease());
    bind(tokens.projectionStore).toResolvedValue(
      (clock, log) => ofProjection.projectionStore({ clock, log, retentionDays }),
      [tokens.clock, tokens.log],
    );
    bind(tokens.projectionRebuild).toResolvedValue(
      (clock, log) => ofProjection.projectionRebuild({ clock, log, retentionDays }),
      [tokens.clock, tokens.log],
    );
    bind(tokens.flowSource).toResolvedValue(() => ofProjection.flowSource());
    bind(tokens.snapshotStore).toResolvedValue(
      (configuration: Configuration) => new SqliteSnapshotStore({ path: locationsOf(configuration).snapshots }),
      [tokens.configuration],
    );
    bind(tokens.sealStore).toResolvedValue(
      (configuration: Configuration) =>
        new SqliteSealStore({ path: locationsOf(configuration).seals, newOrigin: newTreeName }),
      [tokens.configuration],
    );
    bind(tokens.deliveryQueue).toResolvedValue(
      // Not bounded: it holds references to what the log holds anyway. Not fsynced at each step: queue and cursor go
      // back together, and the log gives what is missing again.
      (configuration: Configuration) =>
        new SqliteOfflineQueue({
          path: locationsOf(configuration).deliveries,
          capacity: Number.POSITIVE_INFINITY,
          durability: "normal",
        }),
      [tokens.configuration],
    );
  });
};

export const ajvModule = new ContainerModule(({ bind }) => {
  bind(tokens.codec).toResolvedValue(
    (configuration: Configuration) => new JsonPayloadCodec({ maxBytes: configuration.maxPayloadBytes }),
    [tokens.configuration],
  );
  bind(tokens.validator).toResolvedValue(() => new AjvPayloadValidator());
});

export const endpointGuardOf = ({ endpointAllow: allow, endpointDeny: deny }: Configuration): EndpointGuard =>
  new EndpointGuard(deny === undefined ? { allow } : { allow, deny });

export const httpModule = new ContainerModule(({ bind }) => {
  bind(tokens.endpointGateway).toResolvedValue(
    (clock, configuration) => new UndiciEndpointGateway({ clock, guard: endpointGuardOf(configuration) }),
    [tokens.clock, tokens.configuration],
  );
});
