/** Read: a stream or `$all`, counted or as a subscription, as Streams.Read.cs and its enumerators answer it. */

import type { ReadReq, ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import streams from "@eventstore/db-client/generated/streams_pb.js";
import { type handleServerStreamingCall, status } from "@grpc/grpc-js";
import type { LogRecord } from "./log.ts";
import { eventResponse, filterOf, invalidPosition, rpcError, streamDeleted } from "./messages.ts";
import { type ReadCall, send } from "./send.ts";
import type { ServerState } from "./state.ts";
import { serveSubscription } from "./subscription.ts";

const BACKWARDS = 1;

export const read =
  (state: ServerState): handleServerStreamingCall<ReadReq, ReadResp> =>
  (call) => {
    state.reads++;
    if (!state.admitRead(call) || state.faults.hangReads) return;
    const options = call.request.getOptions();
    if (!options) {
      call.emit("error", rpcError(status.INVALID_ARGUMENT, "options are required"));
      return;
    }
    if (options.hasSubscription()) void serveSubscription(state, call, options);
    else if (options.hasStream()) void serveStream(state, call, options);
    else void serveAll(state, call, options);
  };

const serveStream = async (state: ServerState, call: ReadCall, options: ReadReq.Options): Promise<void> => {
  const wanted = options.getStream();
  const identifier = wanted?.getStreamIdentifier();
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString("utf8");
  if (state.log.isDeleted(name)) {
    call.emit("error", streamDeleted(name));
    return;
  }
  const records = state.log.stream(name);
  if (records.length === 0) {
    await send(
      call,
      new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier)),
    );
    call.end();
    return;
  }
  const count = Number(options.getCount());
  const revision = wanted?.hasRevision() ? Number(wanted.getRevision()) : null;
  const picked =
    options.getReadDirection() === BACKWARDS
      ? records.filter((record) => revision === null || record.revision <= revision).toReversed()
      : records.filter((record) => record.revision >= (revision ?? 0));
  for (const record of picked.slice(0, count)) {
    if (!(await send(call, eventResponse(record, !state.faults.noPositions)))) return;
  }
  call.end();
};

const serveAll = async (state: ServerState, call: ReadCall, options: ReadReq.Options): Promise<void> => {
  const isWanted = filterOf(options);
  const isBackwards = options.getReadDirection() === BACKWARDS;
  const position = options.getAll()?.getPosition();
  const commit = position ? BigInt(position.getCommitPosition()) : null;
  const prepare = position ? BigInt(position.getPreparePosition()) : null;
  if (commit !== null && state.log.indexAt(commit) === null) {
    call.emit("error", invalidPosition());
    return;
  }
  // Forwards, a position takes in what begins there; backwards, what ends there.
  const isInRange = (record: LogRecord): boolean => {
    if (commit === null || prepare === null) return true;
    const at = isBackwards ? record.end : record.position;
    if (at === commit) return isBackwards ? at <= prepare : at >= prepare;
    return isBackwards ? at < commit : at > commit;
  };
  let left = Number(options.getCount());
  const records = state.log.records.slice(0, state.log.length);
  for (const record of isBackwards ? records.toReversed() : records) {
    if (left === 0) break;
    if (!isInRange(record)) continue;
    if (!isWanted(record)) {
      if (state.faults.hangFiltered) return;
      continue;
    }
    left--;
    if (!(await send(call, eventResponse(record)))) return;
  }
  call.end();
};
