/** Sending on a call that reads, as fast as the client takes it. */
import type { ReadReq, ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import type { ServerWritableStream } from "@grpc/grpc-js";

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/** @returns whether the client is still there */
export const send = async (call: ReadCall, response: ReadResp): Promise<boolean> => {
  if (call.cancelled || call.destroyed) return false;
  if (!call.write(response)) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const events = ["drain", "cancelled", "close"] as const;
    for (const event of events) call.on(event, resolve);
    await promise;
    for (const event of events) call.off(event, resolve);
  }
  return !call.cancelled;
};
