/**
 * Events as the server keeps them: the data is the event's, as JSON; the metadata is JSON, too, with what else the
 * envelope has. Stream names have the store's prefix, revisions count from 0.
 */
import type { ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import type { RecordedEvent } from "@sluice/contracts";
import { EventRejected, EventStoreUnavailable, type ExpectedVersion, type StreamAppend } from "@sluice/domain";
import { type Position, positionText, receivedPosition } from "./position.ts";

/** What stands in the metadata of an event on the server. */
interface StoredMetadata {
  readonly schemaVersion: number;
  /** Absent when the event has none. */
  readonly metadata?: object;
  /** The message that the event is about: the server's projection `$by_correlation_id` makes a stream of each. */
  readonly $correlationId?: string;
  /** Of the append that wrote the event; tells who wrote it when several have sent the same. */
  readonly appendId: string;
}

export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An append to one stream, checked and serialised. */
export interface EncodedAppend {
  readonly appendId: string;
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly EncodedEvent[];
}

export interface DecodedEvent {
  readonly event: RecordedEvent;
  readonly at: Position;
  readonly appendId: string | null;
  /** Bytes of data. */
  readonly size: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const json = (value: unknown): Uint8Array => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new EventRejected(`not serialisable: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  if (text === undefined) throw new EventRejected(`not serialisable: ${typeof value}`);
  return encoder.encode(text);
};

/** Text that is the same after UTF-8 (which has no lone surrogate); the server takes no NUL in a name. */
const name = (value: string, what: string): string => {
  if (typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0")) return value;
  throw new EventRejected(`${what} ${JSON.stringify(value)} is not usable as text`);
};

/** As the server writes it; 0 throughout is what it takes for no id. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NIL = "00000000-0000-0000-0000-000000000000";

const isEmpty = (metadata: object): boolean => {
  for (const _ in metadata) return false;
  return true;
};

/** @throws EventRejected */
export const encodeAppend = (
  batch: readonly StreamAppend[],
  { appendId, maxBytes }: { readonly appendId: string; readonly maxBytes: number },
): EncodedAppend => {
  const [append, ...others] = batch;
  if (append === undefined) throw new EventRejected("nothing to append");
  if (others.length > 0) {
    throw new EventRejected(`EventStoreDB takes an append to one stream; this batch is for ${batch.length}`);
  }
  const { stream, expected, events } = append;
  name(stream, "stream name");
  if (events.length === 0) throw new EventRejected(`no event for stream ${stream}`);
  let size = 0;
  const encoded = events.map(({ id, type, schemaVersion, data, metadata }): EncodedEvent => {
    if (!UUID.test(id) || id === NIL)
      throw new EventRejected(`event id ${JSON.stringify(id)} is no UUID in lower case`);
    if (!Number.isSafeInteger(schemaVersion)) throw new EventRejected(`schema version ${schemaVersion} of event ${id}`);
    if (name(type, "event type").startsWith("$"))
      throw new EventRejected(`type ${type} is kept for the server's events`);
    const stored: StoredMetadata = {
      schemaVersion,
      ...(isEmpty(metadata) ? {} : { metadata }),
      ...("messageId" in data ? { $correlationId: name(data.messageId, "message id") } : {}),
      appendId,
    };
    const event = { id, type, data: json(data), metadata: json(stored) };
    // As the server counts (Event.SizeOnDisk).
    size += event.data.length + event.metadata.length + 2 * type.length;
    return event;
  });
  if (size > maxBytes) {
    throw new EventRejected(`the append to ${stream} has ${size} bytes; the server takes ${maxBytes} at once`);
  }
  if (new Set(encoded.map((event) => event.id)).size < encoded.length) {
    throw new EventRejected("an event id is twice in the batch");
  }
  return { appendId, stream, expected, events: encoded };
};

/** 100 ns. */
const TICKS_PER_MS = 10_000n;

/** Null for an event that is not the store's: the server's own, or another application's. */
export const decodeEvent = (response: ReadResp, prefix: string): DecodedEvent | null => {
  const recorded = response.getEvent()?.getEvent();
  if (recorded === undefined) return null;
  const stream = decoder.decode(recorded.getStreamIdentifier()?.getStreamName_asU8());
  const headers = recorded.getMetadataMap();
  const type = headers.get("type") ?? "";
  if (!stream.startsWith(prefix) || type.startsWith("$")) return null;
  const id = recorded.getId()?.getString() ?? "";
  const at = receivedPosition(recorded.getCommitPosition(), recorded.getPreparePosition());
  if (at === null) {
    throw new EventStoreUnavailable(
      `EventStoreDB gives no position of event ${id}; it must be of version 22.6 or newer`,
    );
  }
  const data = recorded.getData_asU8();
  const stored = parse<StoredMetadata>(recorded.getCustomMetadata_asU8(), id, stream);
  const event = {
    id,
    stream: stream.slice(prefix.length),
    version: Number(recorded.getStreamRevision()) + 1,
    position: positionText(at),
    type,
    schemaVersion: stored.schemaVersion,
    data: parse(data, id, stream),
    metadata: stored.metadata ?? {},
    recordedAt: new Date(Number(BigInt(headers.get("created") ?? "0") / TICKS_PER_MS)).toISOString(),
  } as RecordedEvent;
  return { event, at, appendId: stored.appendId ?? null, size: data.length };
};

const parse = <T>(bytes: Uint8Array, id: string, stream: string): T => {
  try {
    return JSON.parse(decoder.decode(bytes)) as T;
  } catch (error) {
    throw new EventStoreUnavailable(`event ${id} in stream ${stream} was not written by Sluice: it is no JSON`, {
      cause: error,
    });
  }
};

/** Where the response's event, of whatever kind, lies; null for a response that is no event. */
export const eventPosition = (response: ReadResp): Position | null => {
  const recorded = response.getEvent()?.getEvent();
  return recorded ? receivedPosition(recorded.getCommitPosition(), recorded.getPreparePosition()) : null;
};

/** Of the response's event, of whatever kind. */
export const revisionOf = (response: ReadResp): number =>
  Number(response.getEvent()?.getEvent()?.getStreamRevision() ?? -1);
