/**
 * How appends and pages travel between the caller's thread and the one that holds the database.
 *
 * An append is one flat array of cells, measured at 0.35 µs an event on the caller's thread including `JSON.stringify`
 * of the data (structured clone of the events themselves: 0.9 µs, and the writer would still have to make the text). A
 * page is one JSON text, parsed in one go where it is used.
 */
import type { RecordedEvent } from "@sluice/contracts";
import { EventRejected, type ExpectedVersion, type ReadPage, type StreamAppend } from "@sluice/domain";

/** Cells of one event: id, type, schema version, message id or null, data as JSON, metadata as JSON or null. */
export type Cell = string | number | null;
export const CELLS = 6;

export interface EncodedAppend {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly streams: readonly string[];
  readonly expected: readonly ExpectedVersion[];
  /** Events of each stream. */
  readonly counts: readonly number[];
  /** `CELLS` an event, stream after stream. */
  readonly cells: readonly Cell[];
}

/** A page as the log gives it: the events still one JSON array. */
export interface EncodedPage {
  readonly events: string;
  readonly position: number | null;
  readonly atEnd: boolean;
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

const metadataText = (metadata: object): string | null => {
  for (const _ in metadata) return text(metadata);
  return null;
};

/**
 * Text that SQLite gives back as it was: no lone surrogate (UTF-8 has none) and no NUL (its text functions end there).
 * Inside data both are safe, since `JSON.stringify` escapes them.
 */
const name = (value: string, what: string): string => {
  if (typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0")) return value;
  throw new EventRejected(`${what} ${JSON.stringify(value)} is not usable as text`);
};

/** @throws EventRejected */
export const encodeAppend = (batch: readonly StreamAppend[], now: number): EncodedAppend => {
  if (batch.length === 0) throw new EventRejected("nothing to append");
  const cells: Cell[] = [];
  for (const { stream, events } of batch) {
    name(stream, "stream name");
    if (events.length === 0) throw new EventRejected(`no event for stream ${stream}`);
    for (const { id, type, schemaVersion, data, metadata } of events) {
      if (!Number.isSafeInteger(schemaVersion))
        throw new EventRejected(`schema version ${schemaVersion} of event ${id}`);
      const json = text(data);
      const messageId = "messageId" in data ? data.messageId : null;
      cells.push(
        name(id, "event id"),
        name(type, "event type"),
        schemaVersion,
        messageId === null ? null : name(messageId, "message id"),
        json,
        metadataText(metadata),
      );
    }
  }
  return {
    now,
    streams: batch.map((entry) => entry.stream),
    expected: batch.map((entry) => entry.expected),
    counts: batch.map((entry) => entry.events.length),
    cells,
  };
};

export const decodeEvents = (events: string): readonly RecordedEvent[] => JSON.parse(events);

export const decodePage = (page: EncodedPage): ReadPage => ({
  events: decodeEvents(page.events),
  position: page.position === null ? null : String(page.position),
  atEnd: page.atEnd,
});
