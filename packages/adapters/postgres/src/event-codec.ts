/** Appends as the arguments of `append_events`, and rows of the log as events. */
import type { RecordedEvent } from "@sluice/contracts";
import { EventRejected, type ExpectedVersion, parseStream, type StreamAppend } from "@sluice/domain";

/** One batch, checked and serialised. */
export interface EncodedAppend {
  readonly entries: readonly { readonly stream: string; readonly expected: ExpectedVersion; readonly count: number }[];
  readonly ids: readonly string[];
  readonly types: readonly string[];
  readonly schemaVersions: readonly number[];
  /** Empty for no message. */
  readonly messageIds: readonly string[];
  readonly data: readonly string[];
  /** Empty for none. */
  readonly metadata: readonly string[];
  /** Characters of data. */
  readonly size: number;
}

/** U+001E stands in JSON only escaped, so that texts of JSON can be joined with it and split again. */
const SEPARATOR = "\u001e";

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

const metadataText = (metadata: object): string => {
  for (const _ in metadata) return text(metadata);
  return "";
};

/**
 * Text that PostgreSQL takes: no lone surrogate (UTF-8 has none) and no NUL. Inside data both are safe, since
 * `JSON.stringify` escapes them and the column is text.
 */
const name = (value: string, what: string): string => {
  if (typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0")) return value;
  throw new EventRejected(`${what} ${JSON.stringify(value)} is not usable as text`);
};

const MAX_INTEGER = 2 ** 31 - 1;
/** Of a batch's data: in UTF-8 it stays below the 1 GB that PostgreSQL takes in one value. */
const MAX_CHARACTERS = 256 * 1024 * 1024;

/** @throws EventRejected */
export const encodeAppend = (batch: readonly StreamAppend[]): EncodedAppend => {
  if (batch.length === 0) throw new EventRejected("nothing to append");
  const ids: string[] = [];
  const types: string[] = [];
  const schemaVersions: number[] = [];
  const messageIds: string[] = [];
  const allData: string[] = [];
  const allMetadata: string[] = [];
  let size = 0;
  for (const { stream, events } of batch) {
    name(stream, "stream name");
    if (events.length === 0) throw new EventRejected(`no event for stream ${stream}`);
    for (const { id, type, schemaVersion, data, metadata } of events) {
      if (!Number.isSafeInteger(schemaVersion) || Math.abs(schemaVersion) > MAX_INTEGER) {
        throw new EventRejected(`schema version ${schemaVersion} of event ${id}`);
      }
      const json = text(data);
      size += json.length;
      ids.push(name(id, "event id"));
      types.push(name(type, "event type"));
      schemaVersions.push(schemaVersion);
      messageIds.push("messageId" in data ? name(data.messageId, "message id") : "");
      allData.push(json);
      allMetadata.push(metadataText(metadata));
    }
  }
  if (size > MAX_CHARACTERS) throw new EventRejected(`the batch has ${size} characters of data`);
  if (new Set(ids).size < ids.length) throw new EventRejected("an event id is twice in the batch");
  return {
    entries: batch.map(({ stream, expected, events }) => ({ stream, expected, count: events.length })),
    ids,
    types,
    schemaVersions,
    messageIds,
    data: allData,
    metadata: allMetadata,
    size,
  };
};

const ANY = -1;
const EXISTS = -2;
const IMPOSSIBLE = -3;

const expectation = (expected: ExpectedVersion): number => {
  if (expected === "any") return ANY;
  if (expected === "exists") return EXISTS;
  if (expected === "none") return 0;
  return Number.isSafeInteger(expected) && expected >= 0 ? expected : IMPOSSIBLE;
};

/** The arguments of `append_events` for these batches, in its order. */
export const appendArguments = (group: readonly EncodedAppend[], now: number): readonly unknown[] => {
  const streams = new Map<string, number>();
  const [entryBatch, entryStream, expected, counts]: number[][] = [[], [], [], []];
  const [eventEntry, eventOffset]: number[][] = [[], []];
  let entryNumber = 0;
  for (const [batch, { entries }] of group.entries()) {
    for (const entry of entries) {
      entryNumber++;
      const stream = streams.get(entry.stream) ?? streams.size + 1;
      streams.set(entry.stream, stream);
      entryBatch?.push(batch + 1);
      entryStream?.push(stream);
      expected?.push(expectation(entry.expected));
      counts?.push(entry.count);
      for (let place = 1; place <= entry.count; place++) {
        eventEntry?.push(entryNumber);
        eventOffset?.push(place);
      }
    }
  }
  const names = [...streams.keys()];
  const parsed = names.map(parseStream);
  return [
    Math.trunc(now),
    names,
    parsed.map((stream) => stream?.category ?? ""),
    parsed.map((stream) => stream?.flow ?? ""),
    entryBatch,
    entryStream,
    expected,
    counts,
    eventEntry,
    eventOffset,
    group.flatMap((append) => append.ids),
    group.flatMap((append) => append.types),
    group.flatMap((append) => append.schemaVersions),
    group.flatMap((append) => append.messageIds),
    group.flatMap((append) => append.data).join(SEPARATOR),
    group.flatMap((append) => append.metadata).join(SEPARATOR),
  ];
};

/** `bigint` comes as text. */
export interface EventRow {
  readonly position: string;
  readonly stream: string;
  readonly version: string;
  readonly recorded_at: string;
  readonly schema_version: number;
  readonly id: string;
  readonly type: string;
  readonly metadata: string | null;
  readonly data: string;
}

export const instantText = (milliseconds: string): string => new Date(Number(milliseconds)).toISOString();

export const decodeEvent = (row: EventRow): RecordedEvent =>
  ({
    id: row.id,
    stream: row.stream,
    version: Number(row.version),
    position: row.position,
    type: row.type,
    schemaVersion: row.schema_version,
    data: JSON.parse(row.data),
    metadata: row.metadata === null ? {} : JSON.parse(row.metadata),
    recordedAt: instantText(row.recorded_at),
  }) as RecordedEvent;
