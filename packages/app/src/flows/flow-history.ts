/** What a flow was and who changed it, from the stream `flow-<code>`, which has nothing but its changes. */
import type { FlowHistoryItem, RecordedEvent } from "@sluice/contracts";
import { type EventStore, evolveFlow, type FlowState, flowStream, initialFlow } from "@sluice/domain";
import { jsonDiff } from "./json-diff.ts";

const PAGE = 500;

async function* changesOf(store: EventStore, code: string): AsyncGenerator<RecordedEvent> {
  for (let from = 1; ; from += PAGE) {
    const events = await store.readStream(flowStream(code), { from, limit: PAGE });
    yield* events;
    if (events.length < PAGE) return;
  }
}

/** The fold of the flow's changes as long as they are `included`; `undefined` status where there is none. */
export const flowAsOf = async (
  store: EventStore,
  code: string,
  included: (event: RecordedEvent) => boolean,
): Promise<FlowState> => {
  let state = initialFlow(code);
  for await (const event of changesOf(store, code)) {
    if (!included(event)) break;
    state = evolveFlow(state, event);
  }
  return state;
};

/** What a change can change; undefined while the flow does not exist. */
const contentOf = (state: FlowState): unknown =>
  state.status === "enabled" || state.status === "disabled"
    ? { ...state.definition, enabled: state.status === "enabled" }
    : undefined;

const itemOf = (event: RecordedEvent, before: FlowState, after: FlowState): FlowHistoryItem => ({
  version: event.version,
  type: event.type,
  at: event.recordedAt,
  position: event.position,
  actor: event.metadata.actor ?? null,
  rolledBackTo: event.metadata.rolledBackTo ?? null,
  definition: after.status === "retired" ? null : after.definition,
  changes: [...jsonDiff(contentOf(before), contentOf(after))],
});

export interface HistoryPage {
  readonly items: readonly FlowHistoryItem[];
  /** Version after which the next page begins; null when this is the last. */
  readonly next: number | null;
}

/**
 * Changes from the oldest on, those of retired flows too; none of a flow that never was.
 * @param after version of the last change of the page before; 0 at first
 */
export const readHistory = async (
  store: EventStore,
  code: string,
  { limit, after }: { readonly limit: number; readonly after: number },
): Promise<HistoryPage> => {
  const items: FlowHistoryItem[] = [];
  let state = initialFlow(code);
  for await (const event of changesOf(store, code)) {
    if (items.length === limit) return { items, next: state.version };
    const next = evolveFlow(state, event);
    if (event.version > after) items.push(itemOf(event, state, next));
    state = next;
  }
  return { items, next: null };
};
