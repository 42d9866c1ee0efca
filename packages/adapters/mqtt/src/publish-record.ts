/** A message as the queue keeps it: the length of a JSON header (4 bytes, big-endian), the header, the payload. */
import type { OutboundMessage } from "@sluice/domain";

const LENGTH_BYTES = 4;

export const encodeRecord = ({ payload, ...header }: OutboundMessage): Buffer => {
  const text = Buffer.from(JSON.stringify(header), "utf8");
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, payload]);
};

/** @throws Error on bytes that are no record */
export const decodeRecord = (bytes: Uint8Array): OutboundMessage => {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = LENGTH_BYTES + record.readUInt32BE();
  if (start > record.length) throw new RangeError("a record shorter than its header");
  const header = JSON.parse(record.toString("utf8", LENGTH_BYTES, start)) as Omit<OutboundMessage, "payload">;
  return { ...header, payload: record.subarray(start) };
};
