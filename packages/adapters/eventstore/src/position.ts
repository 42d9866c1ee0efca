/**
 * Positions of `$all`: where in the transaction log an event is committed and where it was prepared, in bytes. As text
 * `<commit>`, or `<commit>/<prepare>` where the two differ. They are the same for every event that came over gRPC; a
 * checkpoint may lie between two events.
 */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** Before every event. */
export const BEGINNING: Position = { commit: 0n, prepare: 0n };

/** What the server gives where it knows no position: 2⁶⁴ − 1. */
const UNKNOWN = 0xffff_ffff_ffff_ffffn;

const TEXT = /^(0|[1-9]\d{0,18})(?:\/(0|[1-9]\d{0,18}))?$/;

/** @throws RangeError on text that is no position */
export const parsePosition = (text: string): Position => {
  const match = TEXT.exec(text);
  if (!match) throw new RangeError(`not a position of this event log: ${text}`);
  const commit = BigInt(match[1] as string);
  return { commit, prepare: match[2] === undefined ? commit : BigInt(match[2]) };
};

export const positionText = ({ commit, prepare }: Position): string =>
  commit === prepare ? String(commit) : `${commit}/${prepare}`;

export const comparePositions = (a: Position, b: Position): number => {
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  return a.prepare < b.prepare ? -1 : a.prepare > b.prepare ? 1 : 0;
};

export const isBefore = (a: Position, b: Position): boolean => comparePositions(a, b) < 0;

/** Of the two numbers as the server sends them; null where it knows none. */
export const receivedPosition = (commit: string, prepare: string): Position | null => {
  const position = { commit: BigInt(commit), prepare: BigInt(prepare) };
  return position.commit === UNKNOWN || position.prepare === UNKNOWN ? null : position;
};
