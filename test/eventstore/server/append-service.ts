/** Append and BatchAppend, as Streams.Append.cs and Streams.BatchAppend.cs answer them. */
import shared from "@eventstore/db-client/generated/shared_pb.js";
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  DeleteReq,
  DeleteResp,
} from "@eventstore/db-client/generated/streams_pb.js";
import streams from "@eventstore/db-client/generated/streams_pb.js";
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  status,
} from "@grpc/grpc-js";
import type { Decision, Expected, ProposedEvent } from "./log.ts";
import { appendError, notLeader, proposedEvent, rpcError, streamDeleted } from "./messages.ts";
import type { ServerState } from "./state.ts";

type BatchCall = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

/** An append whose messages have not all come. */
interface Pending {
  readonly options: BatchAppendReq.Options;
  readonly events: ProposedEvent[];
  size: number;
}

/** Event.SizeOnDisk */
const sizeOf = ({ type, data, metadata }: ProposedEvent): number => data.length + metadata.length + 2 * type.length;

const nameOf = (identifier: { getStreamName_asU8(): Uint8Array } | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString("utf8");

export const batchAppend =
  (state: ServerState): handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> =>
  (call) => {
    if (!state.admit(call)) return;
    const pending = new Map<string, Pending>();
    call.on("data", (request: BatchAppendReq) => receive(state, call, pending, request));
    call.on("end", () => call.end());
  };

const receive = (state: ServerState, call: BatchCall, pending: Map<string, Pending>, request: BatchAppendReq): void => {
  const correlation = request.getCorrelationId()?.getString() ?? "";
  const response = new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId());
  const options = request.getOptions();
  if (options) pending.set(correlation, { options, events: [], size: 0 });
  const append = pending.get(correlation);
  if (!append) return;
  response.setStreamIdentifier(append.options.getStreamIdentifier());
  const stream = nameOf(append.options.getStreamIdentifier());
  if (state.faults.deniedStreams.has(stream)) {
    pending.delete(correlation);
    const details = new shared.AccessDenied();
    call.write(response.setError(appendError("AccessDenied", "event_store.client.AccessDenied", details)));
    return;
  }
  for (const message of request.getProposedMessagesList()) {
    const event = proposedEvent(message);
    append.events.push(event);
    append.size += sizeOf(event);
  }
  if (append.size > state.maxAppendSize) {
    pending.delete(correlation);
    const details = new shared.MaximumAppendSizeExceeded().setMaxappendsize(state.maxAppendSize);
    const type = "event_store.client.MaximumAppendSizeExceeded";
    call.write(response.setError(appendError("MaximumAppendSizeExceeded", type, details)));
    return;
  }
  if (!request.getIsFinal()) return;
  pending.delete(correlation);
  // A follower finds out that it is none when it comes to write.
  if (state.leader && call.metadata.get("requires-leader")[0] === "true") {
    call.emit("error", notLeader(state.leader));
    return;
  }
  commit(state, stream, expectedOf(append.options), append.events, (decision) => {
    if (!call.cancelled) call.write(answer(response, append.options, decision));
  });
};

/** Writes, and answers once it is indexed, unless a fault says otherwise. */
const commit = (
  state: ServerState,
  stream: string,
  expected: Expected,
  events: readonly ProposedEvent[],
  reply: (decision: Decision) => void,
): void => {
  if (state.faults.swallowAppends > 0) {
    state.faults.swallowAppends--;
    return;
  }
  if (state.faults.holdNext) {
    state.faults.holdNext = false;
    state.held = () => {
      state.log.append(stream, expected, events);
      state.log.index();
      state.log.forgetIds();
    };
    return;
  }
  state.held?.();
  state.held = null;
  const decision = state.log.append(stream, expected, events);
  state.appends++;
  // "just drop the write and wait for the client to retry"
  if (decision.kind === "idempotent, not ready") return;
  setTimeout(() => {
    if (decision.kind === "ok") state.log.index();
    if (state.faults.swallowAnswers > 0) state.faults.swallowAnswers--;
    else if (state.faults.crashAfterCommits > 0) {
      state.faults.crashAfterCommits--;
      state.crash();
    } else reply(decision);
  }, state.faults.commitMs);
};

const expectedOf = (options: BatchAppendReq.Options): Expected => {
  if (options.hasAny()) return "any";
  if (options.hasStreamExists()) return "exists";
  if (options.hasNoStream()) return "none";
  return Number(options.getStreamPosition());
};

const answer = (response: BatchAppendResp, options: BatchAppendReq.Options, decision: Decision): BatchAppendResp => {
  switch (decision.kind) {
    case "ok":
    case "idempotent": {
      const position = String(decision.last.position);
      return response.setSuccess(
        new streams.BatchAppendResp.Success()
          .setCurrentRevision(String(decision.last.revision))
          .setPosition(new shared.AllStreamPosition().setCommitPosition(position).setPreparePosition(position)),
      );
    }
    case "wrong expected version": {
      const details = new shared.WrongExpectedVersion();
      if (decision.current < 0) details.setCurrentNoStream(new shared.Empty() as never);
      else details.setCurrentStreamRevision(String(decision.current));
      if (options.hasStreamPosition()) details.setExpectedStreamPosition(options.getStreamPosition());
      else if (options.hasNoStream()) details.setExpectedNoStream(new shared.Empty() as never);
      else if (options.hasStreamExists()) details.setExpectedStreamExists(new shared.Empty() as never);
      else details.setExpectedAny(new shared.Empty() as never);
      return response.setError(appendError("WrongExpectedVersion", "event_store.client.WrongExpectedVersion", details));
    }
    case "deleted": {
      const details = new shared.StreamDeleted().setStreamIdentifier(options.getStreamIdentifier());
      return response.setError(appendError("StreamDeleted", "event_store.client.StreamDeleted", details));
    }
    case "idempotent, not ready":
      throw new Error("is not answered");
  }
};

/** A soft delete, whatever revision it expects. */
export const remove =
  (state: ServerState): handleUnaryCall<DeleteReq, DeleteResp> =>
  (call, callback) => {
    state.log.hide(nameOf(call.request.getOptions()?.getStreamIdentifier()));
    const position = String(state.log.records.at(-1)?.position ?? 0);
    const at = new streams.DeleteResp.Position().setCommitPosition(position).setPreparePosition(position);
    callback(null, new streams.DeleteResp().setPosition(at));
  };

/** The older call, one for each append; the client falls back on it where it is given credentials for a call. */
export const append =
  (state: ServerState): handleClientStreamingCall<AppendReq, AppendResp> =>
  (call, callback) => {
    if (!state.admit(call)) return;
    let options: AppendReq.Options | undefined;
    const events: ProposedEvent[] = [];
    call.on("data", (request: AppendReq) => {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message) events.push(proposedEvent(message));
    });
    call.on("end", () => {
      if (!options) return callback(rpcError(status.INVALID_ARGUMENT, "options are required"));
      if (events.reduce((sum, event) => sum + sizeOf(event), 0) > state.maxAppendSize) {
        return callback(
          rpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${state.maxAppendSize} Exceeded.`, {
            exception: "maximum-append-size-exceeded",
            "maximum-append-size": String(state.maxAppendSize),
          }),
        );
      }
      const stream = nameOf(options.getStreamIdentifier());
      const expected = options.hasAny()
        ? "any"
        : options.hasStreamExists()
          ? "exists"
          : options.hasNoStream()
            ? "none"
            : Number(options.getRevision());
      commit(state, stream, expected, events, (decision) => callback(...plainAnswer(stream, decision)));
    });
  };

const plainAnswer = (stream: string, decision: Decision): [ReturnType<typeof rpcError> | null, AppendResp?] => {
  const response = new streams.AppendResp();
  if (decision.kind === "deleted") {
    return [streamDeleted(stream)];
  }
  if (decision.kind === "wrong expected version") {
    const wrong = new streams.AppendResp.WrongExpectedVersion();
    if (decision.current < 0) wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(decision.current));
    return [null, response.setWrongExpectedVersion(wrong)];
  }
  if (decision.kind === "idempotent, not ready") throw new Error("is not answered");
  const position = String(decision.last.position);
  const success = new streams.AppendResp.Success()
    .setCurrentRevision(String(decision.last.revision))
    .setPosition(new streams.AppendResp.Position().setCommitPosition(position).setPreparePosition(position));
  return [null, response.setSuccess(success)];
};
