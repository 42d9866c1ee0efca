/** Messages of the protocol from what the log holds, and the other way round. */
import shared from "@eventstore/db-client/generated/shared_pb.js";
import type { Status } from "@eventstore/db-client/generated/status_pb.js";
import statuses from "@eventstore/db-client/generated/status_pb.js";
import type { BatchAppendReq, ReadReq, ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import streams from "@eventstore/db-client/generated/streams_pb.js";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import type { LogRecord, ProposedEvent } from "./log.ts";

/** Without a position: 2⁶⁴ − 1. */
const NOWHERE = "18446744073709551615";
const TICKS_PER_MS = 10_000n;

export const eventResponse = (record: LogRecord, withPosition = true): ReadResp => {
  const position = withPosition ? String(record.position) : NOWHERE;
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(record.id))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(record.stream)))
    .setStreamRevision(String(record.revision))
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setData(record.data)
    .setCustomMetadata(record.metadata);
  recorded
    .getMetadataMap()
    .set("type", record.type)
    .set("created", String(BigInt(record.created) * TICKS_PER_MS))
    .set("content-type", record.isJson ? "application/json" : "application/octet-stream");
  const event = new streams.ReadResp.ReadEvent().setEvent(recorded);
  if (withPosition) event.setCommitPosition(position);
  else event.setNoPosition(new shared.Empty());
  return new streams.ReadResp().setEvent(event);
};

export const checkpointResponse = (commit: bigint, prepare: bigint): ReadResp =>
  new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare)),
  );

export const proposedEvent = (message: BatchAppendReq.ProposedMessage): ProposedEvent => ({
  id: message.getId()?.getString().toLowerCase() ?? "",
  type: message.getMetadataMap().get("type") ?? "",
  isJson: message.getMetadataMap().get("content-type") === "application/json",
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
});

interface Details {
  serializeBinary(): Uint8Array;
}

/** An error of one append, as google.rpc.Status. */
export const appendError = (message: string, type: string, details: Details): Status => {
  const packed = new any.Any();
  packed.pack(details.serializeBinary(), type);
  return new statuses.Status().setMessage(message).setDetails(packed);
};

export const rpcError = (code: status, details: string, metadata: Record<string, string> = {}): ServiceError => {
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata: headers });
};

export const notLeader = ({ host, port }: { readonly host: string; readonly port: number }): ServiceError =>
  rpcError(status.NOT_FOUND, "Leader info available", {
    exception: "not-leader",
    "leader-endpoint-host": host,
    "leader-endpoint-port": String(port),
  });

export const streamDeleted = (stream: string): ServiceError =>
  rpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: "stream-deleted",
    "stream-name": stream,
  });

export const accessDenied = (): ServiceError =>
  rpcError(status.PERMISSION_DENIED, "Access Denied", { exception: "access-denied" });

export const invalidPosition = (): ServiceError =>
  rpcError(status.INVALID_ARGUMENT, "Trying to read from an invalid position.");

export type EventTest = (record: LogRecord) => boolean;

/** What the server's EventFilter does; `$all` without one gives everything. */
export const filterOf = (options: ReadReq.Options): EventTest => {
  const filter = options.getFilter();
  const expression = filter?.getStreamIdentifier() ?? filter?.getEventType();
  if (!filter || !expression) return () => true;
  const subject = (record: LogRecord): string => (filter.hasEventType() ? record.type : record.stream);
  if (expression.getRegex() !== "") {
    const regex = new RegExp(expression.getRegex());
    return (record) => regex.test(subject(record));
  }
  const prefixes = expression.getPrefixList();
  return (record) => prefixes.some((prefix) => subject(record).startsWith(prefix));
};
