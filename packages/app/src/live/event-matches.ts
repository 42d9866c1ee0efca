/** A filter of the event log on one event, as the stores answer it. */
import type { RecordedEvent } from "@sluice/contracts";
import { type EventFilter, parseStream } from "@sluice/domain";

const flowOf = (stream: string): string | undefined => parseStream(stream)?.flow;

export const matchesFilter = (
  event: RecordedEvent,
  { flow, stream, types, messageId, recordedFrom, recordedTo }: EventFilter,
): boolean =>
  (stream === undefined || event.stream === stream) &&
  (flow === undefined || flowOf(event.stream) === flow) &&
  (types === undefined || types.includes(event.type)) &&
  (messageId === undefined || ("messageId" in event.data && event.data.messageId === messageId)) &&
  (recordedFrom === undefined || event.recordedAt >= recordedFrom) &&
  (recordedTo === undefined || event.recordedAt <= recordedTo);
