/** Rows of the event log as JSON text of `RecordedEvent`s: the columns hold JSON already, so nothing is parsed here. */

export const ROW = `
  SELECT e.position, e.id, s.name AS stream, s.flow, e.version, e.type, e.schema_version AS schemaVersion,
    e.message_id AS messageId, e.recorded_at AS recordedAt, e.metadata, e.data
  FROM events AS e JOIN streams AS s ON s.id = e.stream_id`;

export interface EventRow {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly flow: string | null;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly messageId: string | null;
  readonly recordedAt: number;
  readonly metadata: string | null;
  readonly data: string;
}

/** Collects rows up to a number of events and about a number of characters, at least one event. */
export class EventRows {
  readonly limit: number;
  #room: number;
  #texts: string[] = [];
  #lastPosition = 0;
  #recordedAt = Number.NaN;
  #recordedAtText = "";

  constructor(limit: number, characters: number) {
    this.limit = limit;
    this.#room = characters;
  }

  get full(): boolean {
    return this.#texts.length >= this.limit || (this.#room <= 0 && this.#texts.length > 0);
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  add(row: EventRow): void {
    if (row.recordedAt !== this.#recordedAt) {
      this.#recordedAt = row.recordedAt;
      this.#recordedAtText = new Date(row.recordedAt).toISOString();
    }
    this.#texts.push(
      `{"id":${JSON.stringify(row.id)},"stream":${JSON.stringify(row.stream)},"version":${row.version},` +
        `"position":"${row.position}","type":${JSON.stringify(row.type)},"schemaVersion":${row.schemaVersion},` +
        `"data":${row.data},"metadata":${row.metadata ?? "{}"},"recordedAt":"${this.#recordedAtText}"}`,
    );
    this.#room -= row.data.length;
    this.#lastPosition = row.position;
  }

  /** A JSON array of the events added. */
  toString(): string {
    return `[${this.#texts.join(",")}]`;
  }
}
