/** Appends as the arguments of `append_events`. */
import type { NewEvent } from "@sluice/contracts";
import { EventRejected, type ExpectedVersion, parseStream, type StreamAppend } from "@sluice/domain";
import { bigintArray, integerArray, textArray } from "./event-arrays.ts";
import { isEmpty, recordsOf } from "./event-record.ts";

/** The events of a batch that are for one stream. */
export interface EncodedEntry {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  /** Events of each record. */
  readonly counts: readonly number[];
  /** Events. */
  readonly count: number;
}

/** One batch, checked and serialised. Of a record, everything but `attributes` is of its first event. */
export interface EncodedAppend {
  readonly entries: readonly EncodedEntry[];
  readonly schemaVersions: readonly number[];
  readonly ids: readonly string[];
  readonly types: readonly string[];
  readonly messageIds: readonly (string | null)[];
  readonly metadata: readonly (string | null)[];
  readonly data: readonly string[];
  readonly attributes: readonly (string | null)[];
  /** Events. */
  readonly count: number;
  /** Characters of data. */
  readonly size: number;
}

const json = (value: unknown): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new EventRejected(`not serialisable: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  if (text === undefined) throw new EventRejected(`not serialisable: ${typeof value}`);
  return text;
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

const checkEvent = ({ id, schemaVersion }: NewEvent): void => {
  name(id, "event id");
  if (!Number.isSafeInteger(schemaVersion) || Math.abs(schemaVersion) > MAX_INTEGER) {
    throw new EventRejected(`schema version ${schemaVersion} of event ${id}`);
  }
};

/** @throws EventRejected */
export const encodeAppend = (batch: readonly StreamAppend[]): EncodedAppend => {
  if (batch.length === 0) throw new EventRejected("nothing to append");
  const entries: EncodedEntry[] = [];
  const schemaVersions: number[] = [];
  const ids: string[] = [];
  const types: string[] = [];
  const messageIds: (string | null)[] = [];
  const allMetadata: (string | null)[] = [];
  const allData: string[] = [];
  const allAttributes: (string | null)[] = [];
  let size = 0;
  let total = 0;
  for (const { stream, expected, events } of batch) {
    name(stream, "stream name");
    if (events.length === 0) throw new EventRejected(`no event for stream ${stream}`);
    const counts: number[] = [];
    for (const { first, count, attributes } of recordsOf(events, json, checkEvent)) {
      const { id, type, schemaVersion, data, metadata } = first;
      const dataText = json(data);
      counts.push(count);
      schemaVersions.push(schemaVersion);
      ids.push(id);
      types.push(name(type, "event type"));
      messageIds.push("messageId" in data ? name(data.messageId, "message id") : null);
      allMetadata.push(isEmpty(metadata) ? null : json(metadata));
      allData.push(dataText);
      allAttributes.push(attributes);
      size += dataText.length + (attributes?.length ?? 0);
    }
    entries.push({ stream, expected, counts, count: events.length });
    total += events.length;
  }
  if (size > MAX_CHARACTERS) throw new EventRejected(`the batch has ${size} characters of data`);
  if (new Set(ids).size < ids.length) throw new EventRejected("an event id is twice in the batch");
  return {
    entries,
    schemaVersions,
    ids,
    types,
    messageIds,
    metadata: allMetadata,
    data: allData,
    attributes: allAttributes,
    count: total,
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

type Numbers = [number[], number[], number[], number[]];

/** The arguments of `append_events` for these batches, in its order. */
export const appendArguments = (group: readonly EncodedAppend[], now: number): readonly unknown[] => {
  const streams = new Map<string, number>();
  const [entryBatch, entryStream, expected, entryCount]: Numbers = [[], [], [], []];
  const [recordEntry, recordPlace, counts]: Numbers = [[], [], [], []];
  for (const [batch, { entries }] of group.entries()) {
    for (const entry of entries) {
      const stream = streams.get(entry.stream) ?? streams.size + 1;
      streams.set(entry.stream, stream);
      entryBatch.push(batch + 1);
      entryStream.push(stream);
      expected.push(expectation(entry.expected));
      entryCount.push(entry.count);
      let place = 1;
      for (const count of entry.counts) {
        recordEntry.push(entryStream.length);
        recordPlace.push(place);
        counts.push(count);
        place += count;
      }
    }
  }
  const names = [...streams.keys()];
  const parsed = names.map(parseStream);
  return [
    Math.trunc(now),
    textArray(names),
    textArray(parsed.map((stream) => stream?.category ?? null)),
    textArray(parsed.map((stream) => stream?.flow ?? null)),
    integerArray(entryBatch),
    integerArray(entryStream),
    bigintArray(expected),
    integerArray(entryCount),
    integerArray(recordEntry),
    integerArray(recordPlace),
    integerArray(counts),
    integerArray(group.flatMap((append) => append.schemaVersions)),
    textArray(group.flatMap((append) => append.ids)),
    textArray(group.flatMap((append) => append.types)),
    textArray(group.flatMap((append) => append.messageIds)),
    textArray(group.flatMap((append) => append.metadata)),
    textArray(group.flatMap((append) => append.data)),
    textArray(group.flatMap((append) => append.attributes)),
  ];
};
