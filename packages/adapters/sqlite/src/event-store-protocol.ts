/** What can be asked of the event log wherever it runs, and errors in a form that survives `postMessage`. */
import {
  type AppendResult,
  type EntryOptions,
  EventRejected,
  EventStoreUnavailable,
  type ReadAllOptions,
  type ReadStreamOptions,
  WrongExpectedVersion,
} from "@sluice/domain";
import { UnusableDatabase } from "./connection.ts";
import type { EncodedAppend, EncodedPage } from "./event-codec.ts";
import type { EventLog } from "./event-log.ts";
import type { EncodedEntries } from "./event-log-entries.ts";

/** Each call with its argument and its answer. */
export interface Calls {
  /** Opens, creates or migrates the database; the answer identifies its file. */
  start: { argument: null; answer: string };
  append: { argument: EncodedAppend; answer: AppendResult };
  readAll: { argument: ReadAllOptions; answer: EncodedPage };
  readEntries: { argument: EntryOptions; answer: EncodedEntries };
  /** A JSON array of `PageRecord`s. */
  readStream: { argument: { readonly stream: string; readonly options: ReadStreamOptions }; answer: string };
  head: { argument: null; answer: number | null };
}
export type CallName = keyof Calls;

/** A place where an event log runs. */
export interface EventLogHost {
  call<K extends CallName>(name: K, argument: Calls[K]["argument"]): Promise<Calls[K]["answer"]>;
  /** After the calls that are under way. */
  close(): Promise<void>;
}

export type Request = { [K in CallName]: { id: number; name: K; argument: Calls[K]["argument"] } }[CallName];
/** Ends the thread. */
export type Message = Request | { readonly name: "close" };

export type Answer = { id: number; value: Calls[CallName]["answer"] } | { id: number; error: PlainError };

export const perform = (log: EventLog, { name, argument }: Omit<Request, "id">): Calls[CallName]["answer"] => {
  switch (name) {
    case "start":
      return log.start();
    case "append": {
      const [outcome] = log.append([argument as EncodedAppend]);
      if (outcome instanceof Error) throw outcome;
      return outcome as AppendResult;
    }
    case "readAll":
      return log.readAll(argument as ReadAllOptions);
    case "readEntries":
      return log.readEntries(argument as EntryOptions);
    case "readStream": {
      const { stream, options } = argument as Calls["readStream"]["argument"];
      return log.readStream(stream, options);
    }
    case "head":
      return log.head();
  }
};

export interface PlainError {
  readonly name: string;
  readonly message: string;
  /** Arguments of `WrongExpectedVersion`. */
  readonly wrongVersion?: ConstructorParameters<typeof WrongExpectedVersion>;
}

export const toPlainError = (error: unknown): PlainError => {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  if (!(error instanceof WrongExpectedVersion)) return { name, message };
  return { name, message, wrongVersion: [error.stream, error.expected, error.actual] };
};

const classes: Readonly<Record<string, new (message: string) => Error>> = {
  EventStoreUnavailable,
  EventRejected,
  UnusableDatabase,
  RangeError,
};

export const fromPlainError = ({ name, message, wrongVersion }: PlainError): Error => {
  if (wrongVersion) return new WrongExpectedVersion(...wrongVersion);
  const known = classes[name];
  return known ? new known(message) : new Error(`${name}: ${message}`);
};
