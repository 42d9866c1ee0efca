/**
 * Which event it is, where a stretch of the log is not the one that was sealed. The hashes say that there is a
 * difference; the ids, which both sides have, say of what kind.
 */

/** A leaf as it was sealed. */
export interface SealedLeaf {
  readonly hash: string;
  /** Null where the event's id was no UUID. */
  readonly id: string | null;
}

/** The same of an event that is in the log now. */
export type FoundLeaf = SealedLeaf;

/**
 * altered: the event is there, and is not as it was. missing: it is not there. inserted: one is there that was not.
 * moved: it is there, and so is the one that stood in its place, but not in their order. replaced: another event
 * stands in its place, and neither is found nearby.
 */
export type DifferenceKind = "altered" | "missing" | "inserted" | "moved" | "replaced";

export interface Difference {
  readonly kind: DifferenceKind;
  /** Where it is, from the beginning of both stretches. */
  readonly index: number;
}

/**
 * @param sealed from some leaf on; and beyond what is compared, for looking around
 * @param found the events from the same place on
 * @param compared how many of the sealed ones the events must be; further ones are looked at, too, if they are there
 * @returns null when there is no difference among those
 */
export const findDifference = (
  sealed: readonly SealedLeaf[],
  found: readonly FoundLeaf[],
  compared: number,
): Difference | null => {
  const index = sealed.slice(0, compared).findIndex((leaf, place) => leaf.hash !== found[place]?.hash);
  if (index < 0) return null;
  return { kind: kindOf(sealed.slice(index), found.slice(index)), index };
};

const kindOf = (sealed: readonly SealedLeaf[], found: readonly FoundLeaf[]): DifferenceKind => {
  const [wanted, ...wantedLater] = sealed as [SealedLeaf, ...SealedLeaf[]];
  const [actual, ...actualLater] = found;
  if (actual === undefined) return "missing";
  if (wanted.id !== null && actual.id === wanted.id) {
    // The same event twice, and the one before it was inserted: then it follows as it was sealed.
    return actualLater.some(({ hash }) => hash === wanted.hash) ? "inserted" : "altered";
  }
  const isIn = (leaf: SealedLeaf, leaves: readonly SealedLeaf[]): boolean =>
    leaves.some(({ hash, id }) => hash === leaf.hash || (id !== null && id === leaf.id));
  const isLater = isIn(wanted, actualLater);
  const belongsLater = isIn(actual, wantedLater);
  if (isLater) return belongsLater ? "moved" : "inserted";
  return belongsLater ? "missing" : "replaced";
};
