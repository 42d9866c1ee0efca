/**
 * What of a filter the server can do: it takes prefixes of stream names, or of event types. Everything is checked again
 * on what it sends, since a prefix is less than a name.
 */
import streams, { type ReadReq } from "@eventstore/db-client/generated/streams_pb.js";
import type { RecordedEvent } from "@sluice/contracts";
import { deliveriesStream, type EventFilter, flowStream, parseStream, trafficStream } from "@sluice/domain";

export interface ServerFilter {
  readonly on: "stream" | "type";
  readonly prefixes: readonly string[];
  /** Every event that the server passes is wanted, as far as it is known before it is seen. */
  readonly whole: boolean;
}

/** The narrowest that the server can do. */
export const serverFilter = (filter: EventFilter, prefix: string): ServerFilter => {
  const { flow, stream, types, messageId, recordedFrom, recordedTo } = filter;
  const rest = messageId ?? recordedFrom ?? recordedTo;
  if (stream !== undefined) return { on: "stream", prefixes: [prefix + stream], whole: false };
  if (flow !== undefined) {
    const names = [flowStream(flow), trafficStream(flow, ""), deliveriesStream(flow, "")];
    return { on: "stream", prefixes: names.map((name) => prefix + name), whole: false };
  }
  if (types !== undefined && types.length > 0) return { on: "type", prefixes: [...new Set(types)], whole: false };
  return { on: "stream", prefixes: [prefix], whole: rest === undefined && types === undefined };
};

/** @param window events that the server looks at before it says how far it came */
export const filterOptions = ({ on, prefixes }: ServerFilter, window: number): ReadReq.Options.FilterOptions => {
  const { FilterOptions } = streams.ReadReq.Options;
  const expression = new FilterOptions.Expression().setPrefixList([...prefixes]);
  const options = new FilterOptions().setMax(window).setCheckpointintervalmultiplier(1);
  return on === "stream" ? options.setStreamIdentifier(expression) : options.setEventType(expression);
};

/** Milliseconds since the epoch, both inclusive. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** @throws RangeError */
export const timeRange = ({ recordedFrom, recordedTo }: EventFilter): TimeRange => ({
  from: recordedFrom === undefined ? Number.NEGATIVE_INFINITY : instant(recordedFrom),
  to: recordedTo === undefined ? Number.POSITIVE_INFINITY : instant(recordedTo),
});

const instant = (text: string): number => {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new RangeError(`not an instant: ${text}`);
  return milliseconds;
};

/**
 * Whether the event is wanted, and whether the log has no wanted one after it. The server's clock may have been set
 * back, or another node's may be behind, so events a little out of order are looked for.
 */
export class EventMatcher {
  readonly #filter: EventFilter;
  readonly #times: TimeRange;
  readonly #backwards: boolean;

  /** @throws RangeError on a bound that is no instant */
  constructor(filter: EventFilter, backwards: boolean) {
    this.#filter = filter;
    this.#times = timeRange(filter);
    this.#backwards = backwards;
  }

  get impossible(): boolean {
    return this.#times.from > this.#times.to || this.#filter.types?.length === 0;
  }

  matches(event: RecordedEvent): boolean {
    const { flow, stream, types, messageId } = this.#filter;
    const at = Date.parse(event.recordedAt);
    return (
      (stream === undefined || event.stream === stream) &&
      (flow === undefined || parseStream(event.stream)?.flow === flow) &&
      (types === undefined || types.includes(event.type)) &&
      (messageId === undefined || ("messageId" in event.data && event.data.messageId === messageId)) &&
      at >= this.#times.from &&
      at <= this.#times.to
    );
  }

  isPast(event: RecordedEvent): boolean {
    const at = Date.parse(event.recordedAt);
    return this.#backwards ? at < this.#times.from - CLOCKS_MS : at > this.#times.to + CLOCKS_MS;
  }
}

/** By which the time of recording may go back along the log, where nodes' clocks differ. */
const CLOCKS_MS = 60_000;
