/**
 * How the projector writes a flow into the table that people edit too. Beside the row it keeps what it wrote: the mirror.
 * What differs from its mirror was edited by hand.
 *
 * The log wins. A row that was edited and whose flow has changed otherwise meanwhile is set to what the log says, and the
 * edit that gives way is kept to be recorded. As long as the log says what it said, an edit stays and waits for the
 * next reload.
 *
 * A change that came from the table itself takes no edit away: the row that differs from it was edited again since.
 */
import type { FlowTableColumns } from "../ports/flow-source.ts";
import { changedColumns, sameColumns } from "./flow-columns.ts";

export interface MirrorInput {
  /** As it stands; null: there is none. */
  readonly row: FlowTableColumns | null;
  readonly mirror: FlowTableColumns | null;
  /** What the log says; null: the flow was retired. */
  readonly target: FlowTableColumns | null;
  /** Whether the table is the author of what the log says. */
  readonly fromTable: boolean;
}

export interface MirrorStep {
  readonly write:
    | { readonly kind: "nothing" }
    /** Columns that mean the same stand in it as the row has them. */
    | { readonly kind: "insert" | "update"; readonly columns: FlowTableColumns }
    | { readonly kind: "delete" };
  /** Null: it goes. */
  readonly mirror: FlowTableColumns | null;
  /** The edit that gives way; its row is null when it was the row's deletion. */
  readonly overruled: { readonly row: FlowTableColumns | null } | null;
}

const NOTHING = { kind: "nothing" } as const;

export const mirrorStep = ({ row, mirror, target, fromTable }: MirrorInput): MirrorStep => {
  const keep: MirrorStep = { write: NOTHING, mirror: target, overruled: null };
  const wins = (write: MirrorStep["write"], edited: boolean): MirrorStep => ({
    write,
    mirror: target,
    overruled: edited ? { row } : null,
  });

  if (target === null) {
    // A row that never was mirrored is none of the log's.
    if (row === null || mirror === null) return keep;
    const edited = !sameColumns(row, mirror);
    return edited && fromTable ? keep : wins({ kind: "delete" }, edited);
  }
  if (row === null) {
    if (mirror === null) return wins({ kind: "insert", columns: target }, false);
    return fromTable || sameColumns(mirror, target) ? keep : wins({ kind: "insert", columns: target }, true);
  }
  if (sameColumns(row, target)) return keep;
  const edited = mirror === null || !sameColumns(row, mirror);
  const unchanged = mirror !== null && sameColumns(mirror, target);
  return edited && (fromTable || unchanged) ? keep : wins({ kind: "update", columns: merged(row, target) }, edited);
};

const merged = (row: FlowTableColumns, target: FlowTableColumns): FlowTableColumns => ({
  ...row,
  ...Object.fromEntries(changedColumns(row, target).map((column) => [column, target[column]])),
});
