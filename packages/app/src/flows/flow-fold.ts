/**
 * The fold of the log in memory. Of each flow's traffic there are two versions: what the log has (`committed`) and what
 * the ingest pipeline has decided beyond that (in `state`), since the next message's number depends on it.
 */
import type { FlowDefinition, RecordedEvent } from "@sluice/contracts";
import {
  evolveFlow,
  type FlowState,
  type FlowTraffic,
  initialFlow,
  isFolded,
  parseStream,
  RetainedTopics,
  type TopicFilter,
  trafficPart,
  type Validate,
} from "@sluice/domain";

/** A living, enabled flow as the pipeline uses it. */
export interface Route {
  readonly definition: FlowDefinition;
  readonly filter: TopicFilter;
  readonly validate: Validate;
}

export interface FlowEntry {
  state: FlowState;
  committed: FlowTraffic;
  /** Null while the flow is disabled or retired. */
  route: Route | null;
}

export class FlowFold {
  readonly entries = new Map<string, FlowEntry>();
  readonly retained: RetainedTopics;
  /** Everything up to here is folded in; later events may be as well. */
  position: string | null;

  constructor(
    position: string | null = null,
    states: readonly FlowState[] = [],
    retained: Iterable<readonly [string, string]> = [],
  ) {
    this.position = position;
    this.retained = new RetainedTopics(undefined, retained);
    for (const state of states) this.entries.set(state.code, { state, committed: trafficPart(state), route: null });
  }

  entry(code: string): FlowEntry {
    let entry = this.entries.get(code);
    if (entry === undefined) {
      const state = initialFlow(code);
      entry = { state, committed: trafficPart(state), route: null };
      this.entries.set(code, entry);
    }
    return entry;
  }

  /** While nothing is decided beyond the log; `finish` ends it. Many events are folded so, hence in one version only. */
  replay(event: RecordedEvent): void {
    const stream = parseStream(event.stream);
    if (stream === null) return;
    const entry = this.entry(stream.flow);
    if (isFolded(entry.state, event)) return;
    entry.state = evolveFlow(entry.state, event);
    this.#noteRetained(event);
  }

  finish(): void {
    for (const entry of this.entries.values()) entry.committed = trafficPart(entry.state);
  }

  /** An event of the flow's life. @returns whether it was new */
  live(entry: FlowEntry, event: RecordedEvent): boolean {
    if (isFolded(entry.state, event)) return false;
    const committed = evolveFlow(committedState(entry), event);
    entry.state = evolveFlow(entry.state, event);
    entry.committed = trafficPart(committed);
    return true;
  }

  /** Events of the flow's traffic, as the log has them. @returns whether one was new */
  commit(entry: FlowEntry, events: readonly RecordedEvent[]): boolean {
    let state = committedState(entry);
    let news = false;
    for (const event of events) {
      if (isFolded(state, event)) continue;
      state = evolveFlow(state, event);
      this.#noteRetained(event);
      news = true;
    }
    if (!news) return false;
    const decidedMore = isAhead(entry.state, entry.committed);
    entry.committed = trafficPart(state);
    if (!decidedMore) entry.state = { ...entry.state, ...entry.committed };
    return true;
  }

  #noteRetained(event: RecordedEvent): void {
    if (event.type !== "MessageReceived" || event.data.payloadDigest === undefined) return;
    this.retained.record(event.data.flow, event.data.topic, event.data.payloadDigest);
  }
}

export const committedState = (entry: FlowEntry): FlowState => ({ ...entry.state, ...entry.committed });

/** Whether one state of a flow's traffic is further on than another. */
export const isAhead = (one: FlowTraffic, other: FlowTraffic): boolean => {
  if (one.traffic === null || other.traffic === null) return one.traffic !== null;
  if (one.traffic.stream !== other.traffic.stream) return one.traffic.stream > other.traffic.stream;
  return one.traffic.version > other.traffic.version;
};
