/** What is wrong with a log, in one place of it. */
import type { DifferenceKind } from "@sluice/domain";

export interface Problem {
  /** seals: the log is as it was sealed, and what is kept of the tree was changed. */
  readonly kind: DifferenceKind | "unreadable" | "seals";
  /** Index in the tree, from 0. */
  readonly leaf: number;
  /** Of the event that is there now; of a missing one where it stood, if the store's positions tell. */
  readonly position: string | null;
  readonly stream: string | null;
  readonly version: number | null;
  /** Id of the event that was sealed here; of an inserted one, its own. */
  readonly id: string | null;
  /** Where another event stands in its place, that one's. */
  readonly foundId: string | null;
  readonly message: string;
}

/** The earlier of two. */
export const firstOf = (a: Problem | null, b: Problem | null): Problem | null => {
  if (a === null || b === null) return a ?? b;
  return b.leaf < a.leaf ? b : a;
};
