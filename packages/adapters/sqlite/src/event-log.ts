/**
 * The event log in one database file, synchronous: what both the worker threads and the inline store run.
 *
 * It opens the database again by itself after a failure, so that a full disk or a lock that is held too long is over
 * as soon as its cause is. It never creates a log anew in place of one that it had open: a file that was removed or
 * replaced makes the log unavailable until the file is back. (SQLite would go on writing into the removed file.)
 *
 * Of a removed write-ahead log nothing is lost as long as the connections that had it open stay: closing the last of
 * them copies it into the database file. A new connection beside them would destroy both
 * (https://sqlite.org/howtocorrupt.html, "unlinking or renaming a database file while in use"), so there the log waits
 * for the restart.
 */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { type EntryOptions, EventStoreUnavailable, type ReadAllOptions, type ReadStreamOptions } from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { openDatabase, resultCode, UnusableDatabase } from "./connection.ts";
import type { EncodedAppend, EncodedPage } from "./event-codec.ts";
import { type AppendOutcome, EventLogAppender } from "./event-log-append.ts";
import type { EncodedEntries } from "./event-log-entries.ts";
import { EventLogReader } from "./event-log-read.ts";

interface OpenLog {
  readonly database: DatabaseSync;
  readonly appender: EventLogAppender;
  readonly reader: EventLogReader;
  /** Of the write-ahead log, which lives as long as a connection does. */
  readonly walIdentity: string | null;
}

/** Device and inode; null when there is no such file. */
const identity = (path: string): string | null => {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : null;
};

const walRemoved = (path: string): EventStoreUnavailable =>
  new EventStoreUnavailable(
    `${path}-wal was removed while it was open; stop Sluice, which saves what was in it, and start it again`,
  );

export class EventLog {
  readonly #options: DatabaseOptions;
  #open: OpenLog | null = null;
  /** Of the database file, from the first opening on. */
  #identity: string | null;
  #walRemoved = false;

  /** @param fileIdentity what `start` returned to the log that this one takes the place of */
  constructor(options: DatabaseOptions, fileIdentity: string | null = null) {
    this.#options = options;
    this.#identity = fileIdentity;
  }

  /** Creates or migrates the database; identifies its file. @throws UnusableDatabase, EventStoreUnavailable */
  start(): string {
    return this.#use(() => this.#identity as string);
  }

  /** Copies the write-ahead log into the database file, if no other connection is in the way, and closes. */
  stop(): void {
    if (!this.#open) return;
    const { database } = this.#open;
    this.#open = null;
    try {
      database.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // The events are safe in the write-ahead log; the next opening copies them.
    }
    database.close();
  }

  /** The outcomes in the order given. @throws EventStoreUnavailable nothing was written, or it is not known to be safe */
  append(appends: readonly EncodedAppend[]): readonly AppendOutcome[] {
    return this.#use(({ appender }) => appender.append(appends));
  }

  readAll(options: ReadAllOptions): EncodedPage {
    return this.#use(({ reader }) => reader.readAll(options));
  }

  readEntries(options: EntryOptions): EncodedEntries {
    return this.#use(({ reader }) => reader.readEntries(options));
  }

  readStream(stream: string, options: ReadStreamOptions): string {
    return this.#use(({ reader }) => reader.readStream(stream, options));
  }

  head(): number | null {
    return this.#use(({ reader }) => reader.head());
  }

  #use<T>(work: (log: OpenLog) => T): T {
    try {
      if (this.#walRemoved) throw walRemoved(this.#options.path);
      this.#open ??= this.#connect();
      const result = work(this.#open);
      // Last, so that what a removed file took is not reported as stored.
      this.#checkInPlace(this.#open);
      return result;
    } catch (error) {
      if (error instanceof RangeError || error instanceof UnusableDatabase) throw error;
      if (!this.#walRemoved) this.#disconnect();
      if (error instanceof EventStoreUnavailable) throw error;
      if (resultCode(error) === null && !(error instanceof Error && "code" in error)) throw error;
      throw new EventStoreUnavailable(`${this.#options.path}: ${(error as Error).message}`, { cause: error });
    }
  }

  #connect(): OpenLog {
    const { path } = this.#options;
    if (this.#identity !== null && identity(path) !== this.#identity) {
      throw new EventStoreUnavailable(
        `${path} was removed or replaced while it was open; put the file back, or restart to use the one there now`,
      );
    }
    const database = openDatabase("events", this.#options);
    try {
      const [appender, reader] = [new EventLogAppender(database), new EventLogReader(database)];
      reader.head();
      this.#identity = identity(path);
      return { database, appender, reader, walIdentity: identity(`${path}-wal`) };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #checkInPlace({ walIdentity }: OpenLog): void {
    const { path } = this.#options;
    if (identity(path) !== this.#identity) {
      throw new EventStoreUnavailable(`${path} was removed or replaced while it was open`);
    }
    this.#walRemoved = identity(`${path}-wal`) !== walIdentity;
    if (this.#walRemoved) throw walRemoved(path);
  }

  #disconnect(): void {
    try {
      this.#open?.database.close();
    } catch {
      // Its replacement is opened next, whatever became of it.
    }
    this.#open = null;
  }
}
