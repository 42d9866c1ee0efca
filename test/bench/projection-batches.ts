/** Batches for the benchmarks of projections: messages of three attributes, dealt out to twenty flows in turn. */
import type { ProjectionBatch } from "@sluice/domain";
import { batch, doneOf, instant, row, uuid } from "../conformance/projection-store-support.ts";

const FLOWS = 20;
const ATTRIBUTES = ["temperature", "humidity", "battery"];

export const makeBatches = (rows: number, rowsPerBatch: number): ProjectionBatch[] =>
  Array.from({ length: rows / rowsPerBatch }, (_, number) => {
    const part = Array.from({ length: rowsPerBatch }, (_, index) => {
      const id = number * rowsPerBatch + index;
      const message = Math.floor(id / ATTRIBUTES.length);
      return row({
        eventId: uuid(id),
        flow: `FLOW_${(message * 7_919) % FLOWS}`,
        messageId: uuid(message),
        messageNumber: message + 1,
        attribute: ATTRIBUTES[id % ATTRIBUTES.length] as string,
        text: String((id % 1_000) / 10),
        number: (id % 1_000) / 10,
        receivedAt: instant(message / 20),
      });
    });
    return batch({
      from: number === 0 ? null : String(number),
      to: String(number + 1),
      rows: part,
      done: doneOf(part),
      lastMessageNumbers: new Map(part.map((one) => [one.flow, one.messageNumber])),
    });
  });
