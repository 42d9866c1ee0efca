/**
 * The transaction log of the test server and what decides over an append, as EventStoreDB does both: the rules are those
 * of `IndexWriter.CheckCommit` (EventStore.Core/Services/Storage/ReaderIndex). What is committed outlives the server
 * object that serves it.
 */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface LogRecord extends ProposedEvent {
  readonly stream: string;
  readonly revision: number;
  /** First byte in the log; both the commit and the prepare position. */
  readonly position: bigint;
  /** First byte after it. */
  readonly end: bigint;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** A stream's last revision: that number, or one of the words. */
export type Expected = number | "any" | "exists" | "none";

export type Decision =
  | { readonly kind: "ok"; readonly last: LogRecord }
  | { readonly kind: "idempotent"; readonly last: LogRecord }
  /** The first writing is not indexed yet: the server says nothing at all. */
  | { readonly kind: "idempotent, not ready" }
  | { readonly kind: "wrong expected version"; readonly current: number }
  | { readonly kind: "deleted" };

export interface EventLogOptions {
  /** Milliseconds since the epoch; asked for each event, as the server does. */
  readonly now?: () => number;
  /** Events whose ids are kept in memory for `any` and `exists`; 100,000 when absent. */
  readonly rememberedIds?: number;
}

/** Lengths, flags, ids and times of a record, about. */
const OVERHEAD = 110;
const NO_STREAM = -1;

export class EventLog {
  readonly records: LogRecord[] = [];
  readonly #streams = new Map<string, LogRecord[]>();
  readonly #deleted = new Set<string>();
  /** First revision that readers of the stream see. */
  readonly #truncated = new Map<string, number>();
  readonly #now: () => number;
  readonly #mostIds: number;
  /** The server's cache of committed events. */
  readonly #ids = new Map<string, LogRecord>();
  readonly #listeners = new Set<() => void>();
  #end = 1_000n;
  /** Records that readers see. */
  #indexed = 0;

  constructor({ now = Date.now, rememberedIds = 100_000 }: EventLogOptions = {}) {
    this.#now = now;
    this.#mostIds = rememberedIds;
  }

  /** Records that are indexed: readers see these. */
  get length(): number {
    return this.#indexed;
  }

  get end(): bigint {
    return this.#end;
  }

  /** Of what readers see. */
  stream(name: string): readonly LogRecord[] {
    const records = this.#streams.get(name) ?? [];
    const last = this.records[this.#indexed - 1];
    if (last === undefined) return [];
    const first = this.#truncated.get(name) ?? 0;
    return records.slice(first).filter((record) => record.position <= last.position);
  }

  isDeleted(stream: string): boolean {
    return this.#deleted.has(stream);
  }

  /** Index of the first record at or after a position; null when the position is not between two records. */
  indexAt(position: bigint): number | null {
    if (position === 0n) return 0;
    const index = this.records.findIndex((record) => record.position >= position);
    const found = index < 0 ? this.records.length : index;
    const isBoundary =
      this.records[found]?.position === position || this.records[found - 1]?.end === position || position > this.#end;
    return isBoundary ? found : null;
  }

  onIndexed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the memory of a server holds is gone after a restart, and on another leader. */
  forgetIds(): void {
    this.#ids.clear();
  }

  /** Deletes it for good ("tombstone"). */
  delete(stream: string): void {
    this.#write(stream, { id: crypto.randomUUID(), type: "$streamDeleted", isJson: false, data: NONE, metadata: NONE });
    this.#deleted.add(stream);
    this.index();
  }

  /** Hides what is in it; what is appended later goes on counting ("soft delete"). */
  hide(stream: string): void {
    const data = Buffer.from(JSON.stringify({ $tb: Number.MAX_SAFE_INTEGER }));
    this.#write(`$$${stream}`, { id: crypto.randomUUID(), type: "$metadata", isJson: true, data, metadata: NONE });
    this.#truncated.set(stream, this.#streams.get(stream)?.length ?? 0);
    this.index();
  }

  append(stream: string, expected: Expected, events: readonly ProposedEvent[]): Decision {
    const decision = this.#decide(stream, expected, events);
    if (decision !== null) return decision;
    let last: LogRecord | undefined;
    for (const event of events) last = this.#write(stream, event);
    return { kind: "ok", last: last as LogRecord };
  }

  /** Shows readers what was written. */
  index(): void {
    this.#indexed = this.records.length;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Null when the events are to be written. */
  #decide(stream: string, expected: Expected, events: readonly ProposedEvent[]): Decision | null {
    if (this.#deleted.has(stream)) return { kind: "deleted" };
    const records = this.#streams.get(stream) ?? [];
    const current = records.length - 1;
    const wrong = { kind: "wrong expected version", current } as const;
    if (expected === "exists" && current === NO_STREAM) return wrong;
    if (expected === "any" || expected === "exists") {
      let last: LogRecord | null = null;
      for (const { id } of events) {
        const known = this.#ids.get(id);
        if (known?.stream !== stream) return last === null ? null : wrong;
        last = known;
      }
      return last === null ? null : this.#idempotent(last);
    }
    const revision = expected === "none" ? NO_STREAM : expected;
    if (revision === current) return null;
    if (revision > current) return wrong;
    for (const [index, { id }] of events.entries()) {
      if (records[revision + 1 + index]?.id === id) continue;
      const isHidden = this.#truncated.get(stream) === records.length;
      return index === 0 && expected === "none" && isHidden ? null : wrong;
    }
    return this.#idempotent(records[revision + events.length] as LogRecord);
  }

  #idempotent(last: LogRecord): Decision {
    const seen = this.records[this.#indexed - 1];
    const isIndexed = seen !== undefined && last.position <= seen.position;
    return isIndexed ? { kind: "idempotent", last } : { kind: "idempotent, not ready" };
  }

  #write(stream: string, event: ProposedEvent): LogRecord {
    const records = this.#streams.get(stream) ?? [];
    const size = OVERHEAD + event.data.length + event.metadata.length + 2 * (event.type.length + stream.length);
    const record: LogRecord = {
      ...event,
      stream,
      revision: records.length,
      position: this.#end,
      end: this.#end + BigInt(size),
      created: this.#now(),
    };
    this.#end = record.end;
    records.push(record);
    this.#streams.set(stream, records);
    this.records.push(record);
    this.#remember(record);
    return record;
  }

  #remember(record: LogRecord): void {
    this.#ids.set(record.id, record);
    if (this.#ids.size <= this.#mostIds) return;
    for (const id of this.#ids.keys()) {
      this.#ids.delete(id);
      return;
    }
  }
}

const NONE = new Uint8Array();
