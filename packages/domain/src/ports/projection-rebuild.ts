/**
 * Making the projection anew from the log, beside the live one.
 *
 * The candidate is a projection of its own in the same database system: tables of the same names in another place (a file,
 * a schema, a database) that no reader of the live one sees. What a switch-over changes is not which tables have the
 * names, but what is in them: views, grants, triggers, partitions and the ids of rows that were right stay as they are.
 *
 * Protocol. The consumer of the live projection does all of this, in turn with its own batches: nothing else writes to
 * either. `candidate` (after every `start` anew), then `apply` on it from the start of the log (or from its cursor, after a crash). `mark` is called
 * between two batches of the live projection, with the candidate's cursor at the live one's; `rows` up to that mark may
 * then be read while both go on. At last, again between two batches and with both cursors equal: `switchOver`.
 *
 * What a rebuild concerns is what the log gives: the rows of `data` that have an event id, dead letters, counts. Rows of
 * the older gateway, the tables `flows` and `mqtt_servers` and the cursors of other consumers are left as they are, and so
 * are rows that were received before `receivedFrom`, where retention takes rows away. A row whose time the two sides tell
 * differently is left only if both say before.
 *
 * Columns that people have added to `data` keep what a row has in them, through a switch and a roll-back; so does a row
 * that a switch removed and a roll-back brings back.
 *
 * Every call may throw ProjectionUnavailable: nothing has changed then, and the same call may be made again. (Should an
 * answer be lost after the commit, `switched` tells.)
 */
import type { DataRow, ProjectionStore } from "./projection-store.ts";

export type ProjectionSide = "live" | "candidate";

export interface RowsRequest {
  /** From `mark`. */
  readonly upTo: string;
  /** The event id of the last row of the page before; null: from the beginning. */
  readonly after: string | null;
  readonly limit: number;
  /** RFC 3339 UTC; rows received before are left out. Null: none are. */
  readonly receivedFrom: string | null;
}

export interface SwitchOrder {
  /** Of the rebuild. */
  readonly id: string;
  readonly consumer: string;
  /** Where the cursor of both projections must be. */
  readonly position: string;
  /** As in `RowsRequest`. */
  readonly receivedFrom: string | null;
}

/** Rows of `data`. */
export interface SwitchResult {
  /** That the live projection lacked. */
  readonly added: number;
  /** That the log does not give. */
  readonly removed: number;
  /** That had another content. They keep their ids. */
  readonly changed: number;
}

export interface Switched extends SwitchResult {
  /** Of the rebuild. */
  readonly id: string;
  /** Where the cursor was. */
  readonly position: string;
}

export interface ProjectionRebuild {
  start(): Promise<void>;
  stop(): Promise<void>;

  /**
   * The candidate of this rebuild, started: as far as it had come, or new and empty. One that another rebuild has left is
   * taken away first. It is stopped by `drop` or `stop`.
   * @throws RebuildImpossible when it may not be made there: says what is to be granted
   */
  candidate(id: string): Promise<ProjectionStore>;
  /** Takes the candidate away and gives its space back; nothing when there is none. */
  drop(): Promise<void>;

  /** Opaque: all rows that the side has now, and none that it gets later, are up to here. */
  mark(side: ProjectionSide): Promise<string>;
  /**
   * In the order of the event ids by their bytes; a page shorter than its limit is the last. As they are stored: text,
   * type, number and times as `apply` took them (times in RFC 3339 UTC, in milliseconds), so that a row that is right is
   * given alike by every adapter. But -0 is 0, and half of a surrogate pair may be U+FFFD where UTF-8 is stored.
   *
   * What people wrote into a row shows: a time that `apply` would not have stored is given with all its digits or as the
   * text that it is, and NULL where there cannot be one as an empty text.
   */
  rows(side: ProjectionSide, request: RowsRequest): Promise<readonly DataRow[]>;

  /**
   * In one transaction: the live projection gets what the candidate has, and keeps what it had for `rollBack`, instead of
   * what it had kept before. The cursor stays where it is. Dead letters that both have keep their places in the listing;
   * those that the live one lacked come last.
   *
   * Making the switch of the same id again changes nothing and gives the same result, also where the cursor is elsewhere
   * by now or the candidate was taken away.
   * @throws CursorMoved       one of the cursors is not at the position; nothing has changed. No candidate, or one of
   *                           another rebuild, is one that never moved
   * @throws RebuildImpossible the live projection refuses a row of the candidate's (a trigger or constraint of people's
   *                           own): says why; nothing has changed
   */
  switchOver(order: SwitchOrder): Promise<SwitchResult>;
  /** The last switch, unless it was rolled back or the live projection was reset since: it cannot be rolled back then. */
  switched(): Promise<Switched | null>;
  /**
   * In one transaction: rows (with their ids), dead letters (in their places) and counts of before the switch come back,
   * the rows that came after it stay, and the cursor goes back to where it was then, so that the consumer takes in again
   * what followed. Where an event of a row that comes back has come again since, that later row gives way.
   * @returns false when that is not the last switch, or it was rolled back already; nothing has changed then
   * @throws RebuildImpossible as `switchOver`
   */
  rollBack(id: string, consumer: string): Promise<boolean>;
}

/**
 * The candidate cannot be where it has to be, or the live projection cannot take what it has; the message says what the
 * operator has to do.
 */
export class RebuildImpossible extends Error {
  override readonly name = "RebuildImpossible";
}
