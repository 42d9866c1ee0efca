/** Rows of the log as events. */
import type { RecordedEvent } from "@sluice/contracts";
import { decodeAttributes, FOLLOWING_TYPE, type RecordEnvelope } from "./event-record.ts";

export const instantText = (milliseconds: string): string => new Date(Number(milliseconds)).toISOString();

/** `bigint` comes as text. */
export interface RecordRow {
  readonly position: string;
  readonly version: string;
  readonly count: number;
  readonly stream: string;
  readonly recorded_at: string;
  readonly schema_version: number;
  readonly id: string;
  readonly type: string;
  readonly message_id: string | null;
  readonly metadata: string | null;
  /** Null where the filter leaves the first event out. */
  readonly data: string | null;
  /** Null where the filter leaves them out, too. */
  readonly attributes: string | null;
}

/** Which events of a record are wanted. */
export interface Wanted {
  /** What `first` and `last`, both inclusive, are. */
  readonly by: "position" | "version";
  readonly first: number;
  readonly last: number;
  readonly backwards: boolean;
  readonly types?: ReadonlySet<string> | undefined;
}

/** Collects events up to a number of them. */
export class EventPage {
  readonly events: RecordedEvent[] = [];
  readonly #limit: number;
  readonly #wanted: Wanted;
  #instant = "";
  #recordedAt = "";

  constructor(limit: number, wanted: Wanted) {
    this.#limit = limit;
    this.#wanted = wanted;
  }

  get full(): boolean {
    return this.events.length >= this.#limit;
  }

  /** Position of the last event collected. */
  get lastPosition(): number | null {
    const last = this.events.at(-1);
    return last ? Number(last.position) : null;
  }

  add(row: RecordRow): void {
    const { by, first, last, backwards, types } = this.#wanted;
    const start = Number(row[by]);
    let low = Math.max(first - start, 0);
    let high = Math.min(last - start, row.count - 1);
    if (types) {
      if (!types.has(row.type)) low = Math.max(low, 1);
      if (!types.has(FOLLOWING_TYPE)) high = Math.min(high, 0);
    }
    const room = this.#limit - this.events.length;
    if (backwards) low = Math.max(low, high - room + 1);
    else high = Math.min(high, low + room - 1);
    if (low > high) return;

    const envelope: RecordEnvelope = {
      stream: row.stream,
      version: Number(row.version),
      position: Number(row.position),
      recordedAt: this.#instantText(row.recorded_at),
    };
    const collected = this.events.length;
    if (low === 0) this.events.push(firstEvent(row, envelope));
    if (high > 0) {
      const messageId = row.message_id as string;
      for (const event of decodeAttributes(row.attributes as string, messageId, envelope, Math.max(low, 1), high)) {
        this.events.push(event);
      }
    }
    if (backwards) this.events.push(...this.events.splice(collected).reverse());
  }

  /** Events that were recorded together follow each other. */
  #instantText(milliseconds: string): string {
    if (milliseconds !== this.#instant) {
      this.#instant = milliseconds;
      this.#recordedAt = instantText(milliseconds);
    }
    return this.#recordedAt;
  }
}

const firstEvent = (row: RecordRow, { stream, version, recordedAt }: RecordEnvelope): RecordedEvent =>
  ({
    id: row.id,
    stream,
    version,
    position: row.position,
    type: row.type,
    schemaVersion: row.schema_version,
    data: JSON.parse(row.data as string),
    metadata: row.metadata === null ? {} : JSON.parse(row.metadata),
    recordedAt,
  }) as RecordedEvent;
