/**
 * Records of the event log as JSON text of `PageRecord`s. Events are JSON already, and SQLite puts the rest around them:
 * one text a record costs less than as many columns cost on their way into JavaScript.
 */
import { FOLLOWING_TYPE } from "./event-codec.ts";

const FROM = "FROM records AS r JOIN streams AS s ON s.id = r.stream_id";

const columns = (events: string): string => `
  r.position, r.count, r.type, r.recorded_at AS recordedAt,
  '{"stream":' || json_quote(s.name) || ',"version":' || r.version || ',"position":' || r.position ||
  ',"events":' || ${events} AS text`;

export const ROW = `SELECT ${columns("r.events")} ${FROM}`;

/**
 * With what a filter looks at. Where the types leave all but a record's first event out, they are left out here: what
 * SQLite takes to find its end is less than what the others take to be parsed.
 */
export const rowAndKeys = (types: ReadonlySet<string> | undefined): string => {
  const whole = types === undefined || types.has(FOLLOWING_TYPE);
  const events = whole ? "r.events" : "CASE r.count WHEN 1 THEN r.events ELSE '[' || (r.events -> 0) || ']' END";
  return `SELECT ${columns(events)}, s.name AS stream, s.flow, r.message_id AS messageId ${FROM}`;
};

export interface RecordRow {
  /** Of the first event. */
  readonly position: number;
  /** Of events. */
  readonly count: number;
  /** Of the first event; all others are of `FOLLOWING_TYPE`. */
  readonly type: string;
  readonly recordedAt: number;
  /** The record, but for `from`, `to`, `recordedAt` and the closing brace. */
  readonly text: string;
}

export interface RecordRowAndKeys extends RecordRow {
  readonly stream: string;
  readonly flow: string | null;
  readonly messageId: string | null;
}

/** Collects events up to a number of them and about a number of characters, at least one event. */
export class EventRows {
  readonly limit: number;
  readonly #backwards: boolean;
  #room: number;
  #count = 0;
  #texts: string[] = [];
  #lastPosition = 0;
  #recordedAt = Number.NaN;
  #recordedAtText = "";

  constructor(limit: number, characters: number, backwards: boolean) {
    this.limit = limit;
    this.#room = characters;
    this.#backwards = backwards;
  }

  get full(): boolean {
    return this.#count >= this.limit || (this.#room <= 0 && this.#count > 0);
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  /** Takes the events of the record that lie between two positions, inclusive, and are of the types, if any are given. */
  add(row: RecordRow, first: number, last: number, types?: ReadonlySet<string>): void {
    let low = Math.max(first - row.position, 0);
    let high = Math.min(last - row.position, row.count - 1);
    if (types) {
      if (!types.has(row.type)) low = Math.max(low, 1);
      if (!types.has(FOLLOWING_TYPE)) high = Math.min(high, 0);
    }
    const room = this.limit - this.#count;
    if (this.#backwards) low = Math.max(low, high - room + 1);
    else high = Math.min(high, low + room - 1);
    if (low > high) return;
    if (row.recordedAt !== this.#recordedAt) {
      this.#recordedAt = row.recordedAt;
      this.#recordedAtText = new Date(row.recordedAt).toISOString();
    }
    const [from, to] = this.#backwards ? [high, low] : [low, high];
    this.#texts.push(`${row.text},"from":${from},"to":${to},"recordedAt":"${this.#recordedAtText}"}`);
    this.#room -= row.text.length;
    this.#count += high - low + 1;
    this.#lastPosition = row.position + to;
  }

  /** A JSON array of `PageRecord`s. */
  toString(): string {
    return `[${this.#texts.join(",")}]`;
  }
}
