/** Two histories up to the same position: what the log gives, and what a damaged live projection took for it. */
import type { DataRow, ProjectionBatch } from "@sluice/domain";
import { rowsFrom, series } from "./projection-rebuild-support.ts";
import { letter, row } from "./projection-store-support.ts";

export interface Histories {
  readonly truth: readonly ProjectionBatch[];
  readonly damaged: readonly ProjectionBatch[];
  /** What switching from the damaged one to the truth does. */
  readonly result: { readonly added: number; readonly removed: number; readonly changed: number };
  /** Events that the live projection has and the log does not. */
  readonly foreign: readonly string[];
  /** Where both end. */
  readonly position: number;
}

/** One of each: what may be other in a row whose event is the same. */
const CHANGES: readonly Partial<DataRow>[] = [
  { text: "changed", number: null },
  { valueType: "string" },
  { flow: "FLOW_B" },
  { attribute: "Temperature" },
  { attribute: "temperature " },
  { receivedAt: "2025-12-31T23:59:59.999Z" },
  { deviceTime: "2026-01-01T00:00:00.000Z" },
  { messageId: "another" },
  { messageNumber: 77 },
  { action: "another" },
  { number: 0.5 },
  { number: null },
  { text: "" },
];

const tooLong = (): DataRow => row({ attribute: "x".repeat(256) });

export const histories = (): Histories => {
  const [first, second, third] = [rowsFrom(0, 20), rowsFrom(20, 20), rowsFrom(40, 20)];
  const [missing, last] = [first[3] as DataRow, third[19] as DataRow];
  const changed = second.map((one, index) => ({ ...one, ...CHANGES[index] }));
  const foreign = [row({ text: "foreign" }), row({ text: "the highest id" })] as const;
  const [dead, lost, never] = [tooLong(), tooLong(), tooLong()];
  const [right, other, lacking, extra] = [letter(), letter(), letter(), letter({ flow: "FLOW_B" })];
  const adding = (...letters: readonly (typeof right)[]) =>
    letters.map((one) => ({ kind: "add" as const, letter: one }));

  return {
    truth: series([
      { rows: [...first, lost] },
      { rows: second, deadLetters: adding(right, other, lacking) },
      { rows: [...third, dead] },
    ]),
    damaged: series([
      { rows: [foreign[0], ...first.filter((one) => one !== missing)] },
      { rows: changed, deadLetters: adding(right, { ...other, reason: "another", attempts: 9 }, extra) },
      { rows: [...third.filter((one) => one !== last), dead, never, foreign[1]] },
    ]),
    result: { added: 2, removed: 2, changed: CHANGES.length },
    foreign: foreign.map(({ eventId }) => eventId),
    position: 3,
  };
};
