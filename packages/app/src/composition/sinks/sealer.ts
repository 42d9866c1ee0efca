/** The sealer in its own thread: the log in, the tree out, and a checkpoint now and then. */
import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "inversify";
import { makeCheckpointIfGrown } from "../../integrity/checkpoints.ts";
import { sealKeyAt } from "../../integrity/seal-key.ts";
import { Sealer } from "../../integrity/sealer.ts";
import { LogFollower } from "../../sinks/sink.ts";
import type { SealerReport } from "../../sinks/sink-protocol.ts";
import { locationsOf } from "../locations.ts";
import { tokens } from "../tokens.ts";
import type { Sink } from "./sink.ts";

export const sealer = async (container: Container): Promise<Sink> => {
  const store = container.get(tokens.eventStore);
  const seals = container.get(tokens.sealStore);
  const clock = container.get(tokens.clock);
  const log = container.get(tokens.log);
  const configuration = container.get(tokens.configuration);
  const sealing = new Sealer({ store, seals });
  const follower = new LogFollower(sealing, { store, clock, log });
  const checkpoint = async (): Promise<void> => {
    try {
      const key = sealKeyAt(locationsOf(configuration).sealKey);
      await makeCheckpointIfGrown({ seals, key, clock });
    } catch (error) {
      log.error({ err: error }, "no checkpoint could be made; it is tried again at the next interval");
    }
  };
  const checkpointing = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await delay(configuration.checkpointIntervalSeconds * 1_000, undefined, { signal }).catch(() => {});
      await checkpoint();
    }
  };
  return {
    start: async () => {
      await seals.start();
      await store.start();
    },
    run: async (signal: AbortSignal) => {
      await Promise.all([follower.run(signal), checkpointing(signal)]);
    },
    stop: async () => {
      await store.stop();
      await seals.stop();
    },
    report: async (): Promise<SealerReport> => {
      const [newest] = await seals.checkpoints({ limit: 1 });
      return {
        role: "sealer",
        sink: await follower.status(),
        size: sealing.size,
        checkpointSize: newest?.size ?? 0,
      };
    },
  };
};
