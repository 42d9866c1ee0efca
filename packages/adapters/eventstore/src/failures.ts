/** The client's and the server's errors as the port's. None carries credentials: the server is never told them back. */
import db from "@eventstore/db-client";
import { EventStoreUnavailable } from "@sluice/domain";

/** No answer came in time. Whether the server did what it was asked is unknown. */
export class NoAnswer extends EventStoreUnavailable {}

/** The connection was lost with the call under way. */
export class ConnectionLost extends EventStoreUnavailable {}

/** The node is not the cluster's leader; the client now connects to the one that it named. */
export class NotLeader extends EventStoreUnavailable {}

export const isStreamDeleted = (error: Error): boolean => commandError(error) instanceof db.StreamDeletedError;

/** The client's error; the call's own where its metadata lack what the client looks for. */
const commandError = (error: Error): Error => {
  try {
    return db.convertToCommandError(error);
  } catch {
    return error;
  }
};

const INVALID_ARGUMENT = 3;

/** A RangeError where the server was asked to read from a position at which its log has nothing. */
export const readFailure = (error: unknown): Error => {
  if (error instanceof RangeError || error instanceof EventStoreUnavailable) return error;
  const { code, details } = error as { readonly code?: unknown; readonly details?: unknown };
  if (code === INVALID_ARGUMENT && /invalid position/i.test(String(details))) {
    return new RangeError("not a position of this event log", { cause: error });
  }
  return unavailable(error);
};

export const unavailable = (error: unknown): EventStoreUnavailable => {
  if (error instanceof EventStoreUnavailable) return error;
  const failure = error instanceof Error ? commandError(error) : new Error(String(error));
  if (failure instanceof db.NotLeaderError) return new NotLeader("EventStoreDB: this node is not the leader");
  if (failure instanceof db.AccessDeniedError) {
    return new EventStoreUnavailable("EventStoreDB: access denied; the user needs rights on $all and on the streams");
  }
  if (failure instanceof db.DeadlineExceededError || failure instanceof db.TimeoutError) {
    return new NoAnswer("EventStoreDB: no answer within the deadline");
  }
  if (failure instanceof db.UnavailableError || failure instanceof db.CancelledError) {
    return new ConnectionLost(`EventStoreDB cannot be reached: ${detailsOf(failure)}`);
  }
  return new EventStoreUnavailable(`EventStoreDB: ${detailsOf(failure)}`, { cause: error });
};

/** What gRPC says, without its number, and without what it adds about resolving names where there is nothing. */
const detailsOf = ({ message }: Error): string =>
  message.replace(/^\d+ [A-Z_]+: /, "").replace(/\.? Resolution note: *$/, "");
