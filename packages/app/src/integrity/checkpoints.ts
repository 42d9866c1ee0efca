/** Signing the head of the tree. */
import type { Clock, KeptCheckpoint, SealStore } from "@sluice/domain";
import type { SealKey } from "./seal-key.ts";
import { rootOfHead } from "./tree-root.ts";

export interface CheckpointDependencies {
  readonly seals: SealStore;
  readonly key: SealKey;
  readonly clock: Clock;
}

/** Of what is sealed now. It is durable, and so is what it covers, when this resolves. */
export const makeCheckpoint = async ({ seals, key, clock }: CheckpointDependencies): Promise<KeptCheckpoint> => {
  const head = await seals.head();
  const { origin, size, position } = head;
  const time = new Date(clock.now()).toISOString();
  const note = key.sign({ origin, size, root: rootOfHead(head), position, time });
  return seals.addCheckpoint({ size, time, note });
};

/** The same, unless the newest one covers everything already. */
export const makeCheckpointIfGrown = async (dependencies: CheckpointDependencies): Promise<KeptCheckpoint | null> => {
  const { size } = await dependencies.seals.head();
  const [newest] = await dependencies.seals.checkpoints({ limit: 1 });
  return size > (newest?.size ?? 0) ? makeCheckpoint(dependencies) : null;
};
