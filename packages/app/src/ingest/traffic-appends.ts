/**
 * Facts of flows' messages as appends, one a stream. Applies them to the registry's states, because the next message's
 * number depends on them.
 */
import type { NewEvent } from "@sluice/contracts";
import {
  dayOf,
  type ExpectedVersion,
  evolveTraffic,
  type Fact,
  type FlowTraffic,
  type IdSource,
  type StreamAppend,
  trafficPart,
  trafficStream,
} from "@sluice/domain";
import type { FlowEntry } from "../flows/flow-fold.ts";

interface OpenAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: NewEvent[];
}

const NO_METADATA = {};

/** The day's stream, or the newest one that the flow has: a clock that goes back must not reopen an older bucket. */
const bucketFor = (entry: FlowEntry, receivedAt: string): string => {
  const { code, traffic } = entry.state;
  const bucket = trafficStream(code, dayOf(receivedAt));
  return traffic !== null && traffic.stream > bucket ? traffic.stream : bucket;
};

export class TrafficAppends {
  readonly #ids: IdSource;
  readonly #sharedLog: boolean;
  readonly #open = new Map<FlowEntry, OpenAppend>();
  readonly #finished: OpenAppend[] = [];

  /** @param sharedLog others may write to the log */
  constructor({ ids, sharedLog }: { readonly ids: IdSource; readonly sharedLog: boolean }) {
    this.#ids = ids;
    this.#sharedLog = sharedLog;
  }

  /**
   * @param at RFC 3339 UTC; decides on the bucket
   * @param idOf the id of each fact's event by its place among them; absent: a new one
   */
  record(entry: FlowEntry, at: string, facts: readonly Fact[], idOf?: (index: number) => string): void {
    const { traffic } = entry.state;
    const stream = bucketFor(entry, at);
    let append = this.#open.get(entry);
    if (append === undefined || append.stream !== stream) {
      if (this.#sharedLog && traffic?.stream !== stream) this.#closeBucket(entry, append, stream);
      if (append !== undefined) this.#finished.push(append);
      append = { stream, expected: traffic?.stream === stream ? traffic.version : "none", events: [] };
      this.#open.set(entry, append);
    }
    let { state } = entry;
    for (const [index, fact] of facts.entries()) {
      append.events.push(eventOf(fact, idOf?.(index) ?? this.#ids.next()));
      state = evolveTraffic(state, fact);
    }
    const base = typeof append.expected === "number" ? append.expected : 0;
    entry.state = { ...state, traffic: { stream, version: base + append.events.length } };
  }

  /** Everything recorded, and the traffic of the flows once all of it is committed. */
  finish(): { readonly appends: readonly StreamAppend[]; readonly after: ReadonlyMap<FlowEntry, FlowTraffic> } {
    return {
      appends: [...this.#finished, ...this.#open.values()],
      after: new Map([...this.#open.keys()].map((entry) => [entry, trafficPart(entry.state)])),
    };
  }

  /** The flow goes on in another bucket: the one before gets its last event. */
  #closeBucket({ state }: FlowEntry, last: OpenAppend | undefined, next: string): void {
    const event = eventOf({ type: "TrafficContinued", data: { flow: state.code, next } }, this.#ids.next());
    if (last !== undefined) last.events.push(event);
    else if (state.traffic !== null) {
      this.#finished.push({ stream: state.traffic.stream, expected: state.traffic.version, events: [event] });
    }
  }
}

const eventOf = (fact: Fact, id: string): NewEvent =>
  ({ id, type: fact.type, schemaVersion: 1, data: fact.data, metadata: NO_METADATA }) as NewEvent;
