/** A page being filled from what the server sends. */
import type { ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import type { RecordedEvent } from "@sluice/contracts";
import type { ReadPage } from "@sluice/domain";
import { decodeEvent, eventPosition } from "./event-codec.ts";
import type { EventMatcher } from "./log-filter.ts";
import { isBefore, type Position, positionText, receivedPosition } from "./position.ts";

/** Bytes of data after which a page ends before its limit, so that pages of large payloads fit in memory. */
const PAGE_BYTES = 16 * 1024 * 1024;

export interface PageOptions {
  readonly prefix: string;
  readonly matcher: EventMatcher;
  readonly limit: number;
  readonly backwards?: boolean;
  /** Null for the end that is read from. */
  readonly after: Position | null;
}

export class PageBuilder {
  readonly #options: PageOptions;
  #events: RecordedEvent[] = [];
  #bytes = 0;
  #position: Position | null;
  /** Whether it has got further since the last page. */
  #moved = false;
  /** Nothing that is wanted comes after what was added. */
  past = false;

  constructor(options: PageOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  get position(): Position | null {
    return this.#position;
  }

  get moved(): boolean {
    return this.#moved;
  }

  get full(): boolean {
    return this.#events.length >= this.#options.limit || this.#bytes >= PAGE_BYTES;
  }

  /** Whether everything up to there has been looked at. */
  isAt(end: Position): boolean {
    if (this.#position === null) return false;
    return this.#options.backwards ? !isBefore(end, this.#position) : !isBefore(this.#position, end);
  }

  /** What was added before is passed over: after a drop, or a look ahead, the server sends some of it again. */
  add(response: ReadResp): void {
    const at = checkpointPosition(response) ?? eventPosition(response);
    if (at !== null) {
      if (!this.#isNew(at)) return;
      this.moveTo(at);
    }
    const decoded = decodeEvent(response, this.#options.prefix);
    if (decoded === null) return;
    if (this.#options.matcher.matches(decoded.event)) {
      this.#events.push(decoded.event);
      this.#bytes += decoded.size;
    } else if (this.#options.matcher.isPast(decoded.event)) {
      this.past = true;
    }
  }

  /** The server has nothing wanted between there and where the page came. */
  moveTo(position: Position): void {
    if (!this.#isNew(position)) return;
    this.#position = position;
    this.#moved = true;
  }

  /** The page so far; the builder goes on with the next one. */
  take(atEnd: boolean): ReadPage {
    const position = this.#moved && this.#position !== null ? positionText(this.#position) : null;
    const page = { events: this.#events, position, atEnd };
    this.#events = [];
    this.#bytes = 0;
    this.#moved = false;
    return page;
  }

  #isNew(position: Position): boolean {
    if (this.#position === null) return true;
    return this.#options.backwards ? isBefore(position, this.#position) : isBefore(this.#position, position);
  }
}

const checkpointPosition = (response: ReadResp): Position | null => {
  const checkpoint = response.getCheckpoint();
  return checkpoint ? receivedPosition(checkpoint.getCommitPosition(), checkpoint.getPreparePosition()) : null;
};
