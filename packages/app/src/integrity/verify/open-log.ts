/** The log and its seals, for reading. */
import { existsSync } from "node:fs";
import { SqliteSealStore } from "@sluice/adapter-sqlite";
import type { Configuration } from "@sluice/contracts";
import type { EventStore, SealStore } from "@sluice/domain";
import { locationsOf } from "../../composition/locations.ts";
import { logStoresAt } from "../../composition/stores/stores.ts";
import { newTreeName, systemClock } from "../../system/ids.ts";

export class NoLog extends Error {
  override readonly name = "NoLog";
}

export interface OpenLog extends AsyncDisposable {
  readonly store: EventStore;
  /** Null where nothing was ever sealed. */
  readonly seals: SealStore | null;
}

/** @throws NoLog, EventStoreUnavailable, UnusableDatabase */
export const openLog = async (configuration: Configuration): Promise<OpenLog> => {
  const { events, seals: path } = locationsOf(configuration);
  // The store would make it.
  if (events.kind === "sqlite" && !existsSync(events.path)) throw new NoLog(`there is no event log at ${events.path}`);
  const store = (await logStoresAt(events)).eventStore({ clock: systemClock, threads: "inline" });
  const seals = existsSync(path) ? new SqliteSealStore({ path, newOrigin: newTreeName, readOnly: true }) : null;
  const close = async (): Promise<void> => {
    await seals?.stop();
    await store.stop();
  };
  try {
    await store.start();
    await seals?.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { store, seals, [Symbol.asyncDispose]: close };
};
