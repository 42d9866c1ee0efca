/**
 * How appends and pages travel between the caller's thread and the one that holds the database.
 *
 * Both as records: an event, and with it the StoredAttribute events of the same message that directly follow it. An
 * append is one flat array of cells with the text of each record ready to be stored; a page is one JSON text, parsed
 * in one go where it is used.
 */
import type { NewEvent, RecordedEvent } from "@sluice/contracts";
import { EventRejected, type ExpectedVersion, type ReadPage, type StreamAppend } from "@sluice/domain";

/** Cells of one record: id and type of its first event, message id or null, number of events, events as JSON. */
export type Cell = string | number | null;
export const CELLS = 5;

/** The only type that an event is kept with another one under. */
export const FOLLOWING_TYPE = "StoredAttribute";

/** Where a record ends, so that reading one event does not mean reading thousands. Stated in the view's comment, too. */
const RECORD_EVENTS = 64;
const RECORD_CHARACTERS = 65_536;

export interface EncodedAppend {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly streams: readonly string[];
  readonly expected: readonly ExpectedVersion[];
  /** Events of each stream. */
  readonly counts: readonly number[];
  /** `CELLS` a record, stream after stream. */
  readonly cells: readonly Cell[];
}

/** A page as the log gives it: the events still one JSON array of `PageRecord`s. */
export interface EncodedPage {
  readonly events: string;
  readonly position: number | null;
  readonly atEnd: boolean;
}

/** An event within a record; no metadata means that it is empty. */
export type StoredEvent = [id: string, type: string, schemaVersion: number, data: object, metadata?: object];

/** The events of a record that belong to a page: those from one index to another, inclusive; backwards if from > to. */
export interface PageRecord {
  readonly stream: string;
  /** Of the record's first event, as is the position. */
  readonly version: number;
  readonly position: number;
  readonly events: readonly StoredEvent[];
  readonly from: number;
  readonly to: number;
  readonly recordedAt: string;
}

const text = (value: unknown): string => {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new EventRejected(`not serialisable: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  if (json === undefined) throw new EventRejected(`not serialisable: ${typeof value}`);
  return json;
};

const isEmpty = (metadata: object): boolean => {
  for (const _ in metadata) return false;
  return true;
};

/**
 * Text that SQLite gives back as it was: no lone surrogate (UTF-8 has none) and no NUL (its text functions end there).
 * Inside data both are safe, since `JSON.stringify` escapes them.
 */
const name = (value: string, what: string): string => {
  if (typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0")) return value;
  throw new EventRejected(`${what} ${JSON.stringify(value)} is not usable as text`);
};

const encodeEvent = ({ id, type, schemaVersion, data, metadata }: NewEvent): string => {
  name(id, "event id");
  name(type, "event type");
  if (!Number.isSafeInteger(schemaVersion)) throw new EventRejected(`schema version ${schemaVersion} of event ${id}`);
  if (typeof data !== "object" || data === null) throw new EventRejected(`data of event ${id} is no object`);
  const event: StoredEvent = [id, type, schemaVersion, data];
  if (!isEmpty(metadata)) event.push(metadata);
  return text(event);
};

/** Adds the records of one stream's events to the cells. */
const encodeRecords = (events: readonly NewEvent[], cells: Cell[]): void => {
  let head: NewEvent | null = null;
  let messageId: string | null = null;
  let count = 0;
  let record = "";
  const close = (): void => {
    if (head !== null) cells.push(head.id, head.type, messageId, count, `[${record}]`);
  };
  for (const event of events) {
    const encoded = encodeEvent(event);
    const itsMessage = "messageId" in event.data ? event.data.messageId : null;
    if (
      event.type === FOLLOWING_TYPE &&
      itsMessage === messageId &&
      (head?.type === "MessageReceived" || head?.type === FOLLOWING_TYPE) &&
      count < RECORD_EVENTS &&
      record.length < RECORD_CHARACTERS
    ) {
      count++;
      record += `,${encoded}`;
      continue;
    }
    close();
    head = event;
    messageId = itsMessage === null ? null : name(itsMessage, "message id");
    count = 1;
    record = encoded;
  }
  close();
};

/** @throws EventRejected */
export const encodeAppend = (batch: readonly StreamAppend[], now: number): EncodedAppend => {
  if (batch.length === 0) throw new EventRejected("nothing to append");
  const cells: Cell[] = [];
  for (const { stream, events } of batch) {
    name(stream, "stream name");
    if (events.length === 0) throw new EventRejected(`no event for stream ${stream}`);
    encodeRecords(events, cells);
  }
  return {
    now,
    streams: batch.map((entry) => entry.stream),
    expected: batch.map((entry) => entry.expected),
    counts: batch.map((entry) => entry.events.length),
    cells,
  };
};

/** Ids of the events of a record as it is stored. */
export const idsOf = (record: string): readonly string[] => (JSON.parse(record) as StoredEvent[]).map(([id]) => id);

export const decodeRecord = (record: PageRecord, decoded: RecordedEvent[] = []): RecordedEvent[] => {
  const { stream, version, position, events, from, to, recordedAt } = record;
  const step = from > to ? -1 : 1;
  for (let index = from; index !== to + step; index += step) {
    const [id, type, schemaVersion, data, metadata] = events[index] as StoredEvent;
    decoded.push({
      id,
      stream,
      version: version + index,
      position: String(position + index),
      type,
      schemaVersion,
      data,
      metadata: metadata ?? {},
      recordedAt,
    } as RecordedEvent);
  }
  return decoded;
};

export const decodeEvents = (page: string): readonly RecordedEvent[] => {
  const decoded: RecordedEvent[] = [];
  for (const record of JSON.parse(page) as PageRecord[]) decodeRecord(record, decoded);
  return decoded;
};

export const decodePage = (page: EncodedPage): ReadPage => ({
  events: decodeEvents(page.events),
  position: page.position === null ? null : String(page.position),
  atEnd: page.atEnd,
});
