/**
 * Appends over one BatchAppend call, which stays open: they reach the server in the order in which they were given, and
 * its answers name the append that they belong to. A call that fails, or in which an answer does not come in time, is
 * ended, and the next append begins another.
 */

import { randomUUID } from "node:crypto";
import type { UUID } from "@eventstore/db-client/generated/shared_pb.js";
import shared from "@eventstore/db-client/generated/shared_pb.js";
import type { StreamsClient } from "@eventstore/db-client/generated/streams_grpc_pb.js";
import type { BatchAppendReq, BatchAppendResp } from "@eventstore/db-client/generated/streams_pb.js";
import streams from "@eventstore/db-client/generated/streams_pb.js";
import { EventRejected } from "@sluice/domain";
import type { CallArguments, Connection } from "./connection.ts";
import type { EncodedAppend } from "./event-codec.ts";
import { ConnectionLost, NoAnswer, unavailable } from "./failures.ts";
import { type Position, receivedPosition } from "./position.ts";

/** What became of an append: `revision` and `position` are those of the batch's last event. */
export type AppendOutcome =
  | { readonly kind: "written"; readonly revision: number; readonly position: Position | null }
  /** The stream's last revision; -1 when there is none. */
  | { readonly kind: "wrong revision"; readonly revision: number };

type BatchCall = ReturnType<StreamsClient["batchAppend"]>;

interface Pending {
  resolve(outcome: AppendOutcome): void;
  reject(error: Error): void;
}

interface OpenCall {
  readonly call: BatchCall;
  readonly pending: Map<string, Pending>;
  /** Milliseconds since the epoch: when the last answer came, or the call began. */
  answeredAt: number;
}

/** Of one message of the call; an append may be of several. */
const MESSAGE_BYTES = 3 * 1024 * 1024;

export class AppendChannel {
  readonly #connection: Connection;
  readonly #prefix: string;
  #open: Promise<OpenCall> | null = null;
  #call: BatchCall | null = null;
  /** Ends with the last append's messages written: they go out in order, however long a connection takes. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  /**
   * @param deadline milliseconds since the epoch
   * @throws NoAnswer, ConnectionLost, NotLeader, EventStoreUnavailable: it may be written or not
   * @throws EventRejected the server will never take it
   */
  append(append: EncodedAppend, deadline: number): Promise<AppendOutcome> {
    const correlationId = randomUUID();
    const answer = Promise.withResolvers<AppendOutcome>();
    const sending = this.#written.then(async () => {
      const open = await this.#opened(deadline);
      open.pending.set(correlationId, answer);
      for (const message of messagesOf(append, this.#prefix, correlationId)) await write(open, message);
      return open;
    });
    this.#written = sending.catch(() => undefined);
    sending.catch(answer.reject);
    const began = Date.now();
    const timer = setTimeout(() => {
      const late = new NoAnswer("EventStoreDB did not answer an append within the deadline");
      answer.reject(late);
      // A call on which nothing comes at all is given up, with the others that wait on it.
      sending.then((open) => open.answeredAt < began && this.#drop(open, late)).catch(() => undefined);
    }, deadline - began);
    return answer.promise.finally(() => clearTimeout(timer));
  }

  async #opened(deadline: number): Promise<OpenCall> {
    const opening = this.#open ?? this.#begin(deadline);
    this.#open = opening;
    try {
      const open = await opening;
      // It may have ended before it was there.
      if (!isUsable(open)) throw new ConnectionLost("the connection to EventStoreDB was lost");
      return open;
    } catch (error) {
      if (this.#open === opening) this.#open = null;
      throw error;
    }
  }

  async #begin(deadline: number): Promise<OpenCall> {
    let open: OpenCall | null = null;
    const start = (client: StreamsClient, [metadata, options]: CallArguments): BatchCall => {
      const call = client.batchAppend(metadata, options);
      const begun: OpenCall = { call, pending: new Map(), answeredAt: Date.now() };
      open = begun;
      return call
        .on("data", (response: BatchAppendResp) => settle(response, begun))
        .on("error", (error: Error) => this.#drop(begun, unavailable(error)))
        .on("end", () => this.#drop(begun, new ConnectionLost("EventStoreDB ended the call for appends")));
    };
    this.#call = await this.#connection.call(start, Number.POSITIVE_INFINITY, deadline);
    return open as unknown as OpenCall;
  }

  #drop(dropped: OpenCall, error: Error): void {
    if (this.#call === dropped.call) this.#open = null;
    dropped.call.cancel();
    for (const { reject } of dropped.pending.values()) reject(error);
    dropped.pending.clear();
  }
}

const isUsable = ({ call }: OpenCall): boolean => !call.destroyed && call.writable;

const write = async (open: OpenCall, message: BatchAppendReq): Promise<void> => {
  if (!isUsable(open)) throw new ConnectionLost("the connection to EventStoreDB was lost");
  const { call } = open;
  if (call.write(message)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ["drain", "close", "error"] as const;
  for (const event of events) call.on(event, resolve);
  await promise;
  for (const event of events) call.off(event, resolve);
};

function* messagesOf(append: EncodedAppend, prefix: string, correlationId: string): Generator<BatchAppendReq> {
  const id = uuid(correlationId);
  let message = new streams.BatchAppendReq().setCorrelationId(id).setOptions(optionsOf(append, prefix));
  let size = 0;
  for (const { id, type, data, metadata } of append.events) {
    if (size > 0 && size + data.length + metadata.length > MESSAGE_BYTES) {
      yield message;
      message = new streams.BatchAppendReq().setCorrelationId(uuid(correlationId));
      size = 0;
    }
    const proposed = new streams.BatchAppendReq.ProposedMessage().setId(uuid(id)).setData(data);
    proposed.setCustomMetadata(metadata);
    proposed.getMetadataMap().set("type", type).set("content-type", "application/json");
    message.addProposedMessages(proposed);
    size += data.length + metadata.length;
  }
  yield message.setIsFinal(true);
}

const uuid = (text: string): UUID => new shared.UUID().setString(text);

/** Without a deadline of the server's: it would be an instant, and so depend on both clocks being right. */
const optionsOf = ({ stream, expected }: EncodedAppend, prefix: string): BatchAppendReq.Options => {
  const name = Buffer.from(prefix + stream);
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(name));
  if (expected === "any") return options.setAny(new shared.Empty());
  if (expected === "exists") return options.setStreamExists(new shared.Empty());
  if (expected === "none" || expected === 0) return options.setNoStream(new shared.Empty());
  return options.setStreamPosition(String(expected - 1));
};

const settle = (response: BatchAppendResp, open: OpenCall): void => {
  const { pending } = open;
  open.answeredAt = Date.now();
  const correlationId = response.getCorrelationId()?.getString() ?? "";
  const waiting = pending.get(correlationId);
  // Given up meanwhile.
  if (waiting === undefined) return;
  pending.delete(correlationId);
  try {
    waiting.resolve(outcomeOf(response));
  } catch (error) {
    waiting.reject(error as Error);
  }
};

const outcomeOf = (response: BatchAppendResp): AppendOutcome => {
  const success = response.getSuccess();
  if (success) {
    const at = success.getPosition();
    return {
      kind: "written",
      revision: Number(success.getCurrentRevision()),
      position: at ? receivedPosition(at.getCommitPosition(), at.getPreparePosition()) : null,
    };
  }
  const error = response.getError();
  const details = error?.getDetails();
  const type = details?.getTypeName() ?? "";
  const body = details?.getValue_asU8() ?? new Uint8Array();
  switch (type) {
    case "event_store.client.WrongExpectedVersion": {
      const refusal = shared.WrongExpectedVersion.deserializeBinary(body);
      const revision = refusal.hasCurrentStreamRevision() ? Number(refusal.getCurrentStreamRevision()) : -1;
      return { kind: "wrong revision", revision };
    }
    case "event_store.client.StreamDeleted":
      throw new EventRejected("the stream was deleted from EventStoreDB for good");
    case "event_store.client.MaximumAppendSizeExceeded": {
      const most = shared.MaximumAppendSizeExceeded.deserializeBinary(body).getMaxappendsize();
      throw new EventRejected(`the append is larger than the ${most} bytes that EventStoreDB takes at once`);
    }
    case "event_store.client.MaximumAppendEventSizeExceeded":
      throw new EventRejected("an event of the append is larger than EventStoreDB takes");
    case "event_store.client.BadRequest":
      throw new EventRejected(`EventStoreDB: ${shared.BadRequest.deserializeBinary(body).getMessage()}`);
    case "event_store.client.AccessDenied":
      throw unavailable(new Error("access denied; check the user's rights on the streams"));
    case "event_store.client.Timeout":
      throw new NoAnswer("EventStoreDB could not commit an append in time");
    default:
      throw unavailable(new Error(error?.getMessage() || "the append failed"));
  }
};
