/**
 * The read model: the seeds' tables `data`, `flows` and `mqtt_servers`, the dead letters, and the cursors.
 *
 * Protocol. One consumer (the projector) calls `apply` with batches in log order. Rows, counts, dead letters and the
 * cursor change in one transaction, so every event takes effect exactly once. `apply` compares the cursor with
 * `batch.from` first and throws `CursorMoved` when another consumer was faster: read the cursor again and go on there.
 *
 * Bad data. A row that the database refuses by its content (an attribute name of more than 255 characters, a violated
 * constraint) becomes a dead letter in the same transaction; the rest of the batch is stored.
 * `ProjectionUnavailable` means that nothing was written and the same batch may be tried again.
 *
 * Counts. A message is dead while one of its rows is dead; else discarded if one of its rows was discarded; else done.
 * It moves between the three as its rows do, and counts once however many of them die, so that
 * done + dead + discarded = the messages that batches have given as `done`, after every batch, also where a message's
 * rows come in a later batch than that. A row command for a row that is not dead
 * changes nothing, nor does a row whose event is stored already.
 *
 * A dead row's letter has the time of the `apply` that refused it last, and the id of the row's own event.
 *
 * Edits. A retry may bring another content for the row, with an event of its own. Is it refused, the letter keeps it, under
 * the letter's id and attribute; later retries are of it. Where the row that it replaces is stored (a projection made anew
 * where nothing refuses it any more), the row is replaced, so that the log leads to the same rows again.
 *
 * Flows. People edit the rows of `flows` too. What `apply` does with one is what `mirrorStep` says: it writes no more of it
 * than has changed, keeps beside it what it wrote, and keeps an edit that had to give way for `FlowSource` to give out.
 * A row that needs no change is not touched.
 *
 * Order within a batch: rows, flows and message numbers, dead letters, row commands.
 */
import type { DataItem, DeadLetter, DeadLetterCause, FlowDefinition, ValueType } from "@sluice/contracts";

export interface DataRow {
  readonly eventId: string;
  readonly flow: string;
  readonly action: string;
  readonly messageId: string;
  readonly messageNumber: number;
  /** The name to store it under. */
  readonly attribute: string;
  readonly valueType: ValueType;
  /** The exact text; becomes `attribute_value`. */
  readonly text: string;
  /** The value as a double, where it is a number or boolean (0 or 1). */
  readonly number: number | null;
  /** RFC 3339 UTC. */
  readonly receivedAt: string;
  readonly deviceTime: string | null;
}

/** A flow's row in the `flows` table. Null definition: the flow was retired and its row goes. */
export interface FlowRow {
  readonly code: string;
  readonly definition: FlowDefinition | null;
  readonly enabled: boolean;
  /** Whether all that the batch has of this flow came from the table itself; false when absent. */
  readonly fromTable?: boolean;
}

/**
 * Dead letters of deliveries, as the log tells of them; they change no count. One of kind `row` is ignored: the log only
 * echoes what `apply` found, and the store keeps its own, with the row's content.
 */
export interface DeadLetterChange {
  /**
   * `add` replaces an entry of the same id. `settle` takes the entry away: the delivery was retried (and is pending
   * again) or discarded.
   */
  readonly kind: "add" | "settle";
  readonly letter: DeadLetter;
}

/** Messages of one action since the projection began. */
export interface SinkCounts {
  readonly flow: string;
  readonly action: string;
  readonly done: number;
  readonly dead: number;
  readonly discarded: number;
}

/** A dead row to try again (`retry`) or to give up for good (`discard`), by dead letter id. */
export interface RowCommand {
  readonly id: string;
  readonly command: "retry" | "discard";
  /** Only of a retry. */
  readonly edit?: {
    /** What is stored instead. */
    readonly row: DataRow;
    /** The event that the row came of before. */
    readonly replaces: string;
  };
}

export interface ProjectionBatch {
  readonly consumer: string;
  /** Where the cursor must be; null: never moved. */
  readonly from: string | null;
  readonly to: string;
  readonly rows: readonly DataRow[];
  readonly flows: readonly FlowRow[];
  /** The highest message number of each flow in the batch; becomes `last_msg_id`. */
  readonly lastMessageNumbers: ReadonlyMap<string, number>;
  /** Messages that this batch completes, by action. Those with a row that dies are moved from done to dead by the store. */
  readonly done: readonly { readonly flow: string; readonly action: string; readonly messages: number }[];
  readonly deadLetters: readonly DeadLetterChange[];
  readonly rowCommands: readonly RowCommand[];
}

export interface ApplyResult {
  /** Rows of this batch that became dead letters, and dead rows that it retried in vain (with one attempt more). */
  readonly dead: readonly DeadLetter[];
}

export interface DataFilter {
  readonly flow?: string;
  readonly attribute?: string;
  readonly messageId?: string;
  /** The event that the row came of. */
  readonly eventId?: string;
  /** RFC 3339, inclusive, on the time of receipt. */
  readonly from?: string;
  readonly to?: string;
}

export interface PageRequest {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
  readonly order?: "asc" | "desc";
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly flow?: string;
  readonly action?: string;
  readonly kind?: "delivery" | "row";
  /** As `causeOf` makes it of the reason. */
  readonly cause?: string;
}

export interface ProjectionStore {
  /** Creates or migrates the tables; adopts those of the older gateway in place. */
  start(): Promise<void>;
  stop(): Promise<void>;

  cursor(consumer: string): Promise<string | null>;
  /**
   * @throws CursorMoved            the cursor is not at `batch.from`
   * @throws ProjectionUnavailable  nothing was written; try the same batch again
   */
  apply(batch: ProjectionBatch): Promise<ApplyResult>;
  /**
   * Forgets rows, counts, dead letters and cursor of the consumer, so that it can be rebuilt from the log. Rows that
   * came from no event (the older gateway's) stay, and so do the flows, which the log's events replace.
   */
  reset(consumer: string): Promise<void>;

  /**
   * By the time of receipt, then in the order of storing. Rows of the older gateway are among them, with null for what
   * they lack and the value's type guessed from its text.
   *
   * A page never repeats or skips what was there when paging began; what is added meanwhile appears where it belongs.
   * @throws BadCursor `page.after` is not a `next` of this listing
   */
  data(filter: DataFilter, page: PageRequest): Promise<Page<DataItem>>;
  /**
   * The row with this `id` in the table `data`; null: there is none. A projection that was made anew has given other ids.
   * @param id any text; a row's is decimal, and may be beyond 2^53
   */
  row(id: string): Promise<DataItem | null>;
  /**
   * In the order in which they died first.
   * @throws BadCursor as in `data`
   */
  deadLetters(filter: DeadLetterFilter, page: PageRequest): Promise<Page<DeadLetter>>;
  /**
   * Dead letters by what they have in common: `causeOf` their reason, kind, flow, action and `causeAttribute`. The most
   * numerous first, `limit` at the most. The sample is the letter that died last.
   */
  deadLetterCauses(filter: Omit<DeadLetterFilter, "ids">, limit: number): Promise<readonly DeadLetterCause[]>;
  counts(): Promise<readonly SinkCounts[]>;
}

export class CursorMoved extends Error {
  override readonly name = "CursorMoved";
  readonly actual: string | null;
  constructor(consumer: string, expected: string | null, actual: string | null) {
    super(`cursor of ${consumer} is at ${actual}, expected ${expected}`);
    this.actual = actual;
  }
}

export class ProjectionUnavailable extends Error {
  override readonly name: string = "ProjectionUnavailable";
}

/** The database has no room for what was to be written. */
export class ProjectionFull extends ProjectionUnavailable {
  override readonly name = "ProjectionFull";
}

/** The text given as `after` is not one that this listing gave out as `next`. */
export class BadCursor extends Error {
  override readonly name = "BadCursor";
}
