import { SqliteOfflineQueue, SqliteSealStore, SqliteSnapshotStore } from "@sluice/adapter-sqlite";
import type { Configuration } from "@sluice/contracts";
import { ContainerModule } from "inversify";
import { newTreeName } from "../../system/ids.ts";
import { locationsOf } from "../locations.ts";
import type { StoreThreads } from "../stores/store-adapter.ts";
import { logStoresAt, projectionStoresAt } from "../stores/stores.ts";
import { tokens } from "../tokens.ts";

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
