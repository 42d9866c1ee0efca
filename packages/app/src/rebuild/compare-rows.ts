/** Two projections row by row, in the order of the event ids; in bounded memory. */
import { createHash, type Hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ProjectionComparison, RowDifference } from "@sluice/contracts";
import type { DataRow, ProjectionRebuild, ProjectionSide } from "@sluice/domain";
import { PageSize } from "../replay/page-size.ts";

const PAGE = 2_000;
const SAMPLES = 20;

export interface Marks {
  readonly live: string;
  readonly candidate: string;
}

export type RowComparison = Pick<
  ProjectionComparison,
  "live" | "rebuilt" | "missing" | "surplus" | "changed" | "samples"
>;

/** @throws ProjectionUnavailable; the signal's reason */
export const compareRows = async (
  rebuild: Pick<ProjectionRebuild, "rows">,
  marks: Marks,
  receivedFrom: string | null,
  signal: AbortSignal,
): Promise<RowComparison> => {
  const live = new Side(rebuild, "live", marks.live, receivedFrom);
  const rebuilt = new Side(rebuild, "candidate", marks.candidate, receivedFrom);
  const found = { missing: 0, surplus: 0, changed: 0 };
  const samples: RowDifference[] = [];
  const note = (difference: keyof typeof found, was: DataRow | undefined, is: DataRow | undefined): void => {
    found[difference] += 1;
    const row = (is ?? was) as DataRow;
    if (samples.length === SAMPLES) return;
    samples.push({
      difference,
      ...{ eventId: row.eventId, flow: row.flow, messageId: row.messageId, messageNumber: row.messageNumber },
      attribute: row.attribute,
      ...{ live: was?.text ?? null, rebuilt: is?.text ?? null },
    });
  };
  for (;;) {
    if (live.isSpent && (await live.load())) signal.throwIfAborted();
    if (rebuilt.isSpent && (await rebuilt.load())) signal.throwIfAborted();
    const [was, is] = [live.row, rebuilt.row];
    if (was === undefined && is === undefined) break;
    if (is === undefined || (was !== undefined && isBefore(was, is))) {
      note("surplus", was, undefined);
      live.next();
    } else if (was === undefined || isBefore(is, was)) {
      note("missing", undefined, is);
      rebuilt.next();
    } else {
      if (live.line !== rebuilt.line) note("changed", was, is);
      live.next();
      rebuilt.next();
    }
  }
  return { live: live.result(), rebuilt: rebuilt.result(), ...found, samples };
};

/** By their bytes, as `rows` gives them. */
const isBefore = (one: DataRow, other: DataRow): boolean =>
  one.eventId !== other.eventId && Buffer.compare(Buffer.from(one.eventId), Buffer.from(other.eventId)) < 0;

/** What the digest covers: the members in this order, as JSON. A digest of one version of it is of no use to another. */
const lineOf = (row: DataRow): string =>
  JSON.stringify([
    row.eventId,
    row.flow,
    row.action,
    row.messageId,
    row.messageNumber,
    row.attribute,
    row.valueType,
    row.text,
    row.number,
    row.receivedAt,
    row.deviceTime,
  ]);

class Side {
  readonly #rebuild: Pick<ProjectionRebuild, "rows">;
  readonly #side: ProjectionSide;
  readonly #upTo: string;
  readonly #receivedFrom: string | null;
  readonly #hash: Hash = createHash("sha256");
  #page: readonly DataRow[] = [];
  #lines: readonly string[] = [];
  #index = 0;
  #rows = 0;
  #after: string | null = null;
  #atEnd = false;
  readonly #size = new PageSize(PAGE);

  constructor(
    rebuild: Pick<ProjectionRebuild, "rows">,
    side: ProjectionSide,
    upTo: string,
    receivedFrom: string | null,
  ) {
    this.#rebuild = rebuild;
    this.#side = side;
    this.#upTo = upTo;
    this.#receivedFrom = receivedFrom;
  }

  get isSpent(): boolean {
    return this.#index === this.#page.length && !this.#atEnd;
  }

  get row(): DataRow | undefined {
    return this.#page[this.#index];
  }

  get line(): string {
    return this.#lines[this.#index] as string;
  }

  next(): void {
    this.#index += 1;
  }

  /** The next page; true, so that the caller looks whether it is still wanted. */
  async load(): Promise<true> {
    // A store that answers at once would give nothing else a turn.
    await setImmediate();
    const request = { upTo: this.#upTo, after: this.#after, limit: this.#size.next, receivedFrom: this.#receivedFrom };
    this.#page = await this.#rebuild.rows(this.#side, request);
    this.#lines = this.#page.map(lineOf);
    this.#size.note(
      this.#page.length,
      this.#lines.reduce((sum, { length }) => sum + length, 0),
    );
    this.#index = 0;
    this.#rows += this.#page.length;
    this.#after = this.#page.at(-1)?.eventId ?? this.#after;
    this.#atEnd = this.#page.length === 0;
    if (!this.#atEnd) this.#hash.update(`${this.#lines.join("\n")}\n`);
    return true;
  }

  result(): { rows: number; digest: string } {
    return { rows: this.#rows, digest: this.#hash.digest("hex") };
  }
}
