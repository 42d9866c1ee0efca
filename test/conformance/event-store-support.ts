/** What a definition of the event store's conformance suite works with. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { EventType, NewEvent, RecordedEvent } from "@sluice/contracts";
import type { EventFilter, EventStore, EventStoreCapabilities, StreamAppend } from "@sluice/domain";
import type { EventStoreAdapter } from "./event-store-adapters.ts";

export interface EventStoreContext {
  readonly adapter: EventStoreAdapter;
  /** Of the empty store that this definition has to itself. */
  readonly location: string;
  /** Another instance on the store, started; stopped after the definition. */
  open(): Promise<EventStore>;
}

export interface EventStoreDefinition {
  readonly name: string;
  /** Not run where the store does not promise it. */
  readonly needs?: keyof EventStoreCapabilities;
  run(context: EventStoreContext): Promise<void>;
}

/** Where no message is spoken of: an event of a flow's traffic without a message id. */
export const skipped = (flow = "F", topics: readonly string[] = []): NewEvent => ({
  id: randomUUID(),
  type: "MessagesSkipped",
  schemaVersion: 1,
  data: { flow, reason: "expired", count: 1, topics: [...topics] },
  metadata: {},
});

export const retired = (flow = "F"): NewEvent => ({
  id: randomUUID(),
  type: "FlowRetired",
  schemaVersion: 1,
  data: { flow },
  metadata: { actor: "api:test" },
});

export const received = (flow: string, messageId: string): NewEvent => ({
  id: randomUUID(),
  type: "MessageReceived",
  schemaVersion: 1,
  data: {
    flow,
    messageId,
    messageNumber: 1,
    flowVersion: 1,
    source: "mqtt",
    broker: "default",
    topic: "a/b",
    captures: {},
    qos: 1,
    retain: false,
    dup: false,
    payload: { encoding: "utf8", data: "{}" },
    receivedAt: "2026-01-01T00:00:00.000Z",
    owes: [],
  },
  metadata: {},
});

export const stored = (
  flow: string,
  messageId: string,
  attribute = "temperature",
  value: unknown = 21.5,
): NewEvent => ({
  id: randomUUID(),
  type: "StoredAttribute",
  schemaVersion: 1,
  data: {
    flow,
    messageId,
    messageNumber: 1,
    action: "store",
    attribute,
    valueType: "number",
    value,
    receivedAt: "2026-01-01T00:00:00.000Z",
  },
  metadata: {},
});

export const failed = (flow: string, messageId: string): NewEvent => ({
  id: randomUUID(),
  type: "ValidationFailed",
  schemaVersion: 1,
  data: {
    flow,
    messageId,
    messageNumber: 1,
    disposition: "rejected",
    errors: [{ pointer: "/a", keyword: "type", message: "must be number" }],
  },
  metadata: {},
});

export const many = (count: number, make: (index: number) => NewEvent = () => skipped()): NewEvent[] =>
  Array.from({ length: count }, (_, index) => make(index));

export const to = (
  stream: string,
  events: readonly NewEvent[],
  expected: StreamAppend["expected"] = "any",
): StreamAppend => ({ stream, expected, events });

/** Everything that matches, page by page, as a consumer with a cursor reads it. */
export const readEverything = async (
  store: EventStore,
  filter?: EventFilter,
  { direction = "forwards", limit = 1_000 }: { direction?: "forwards" | "backwards"; limit?: number } = {},
): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.readAll({
      limit,
      direction,
      ...(after === undefined ? {} : { after }),
      ...(filter ? { filter } : {}),
    });
    assert.ok(page.events.length <= limit, "a page is no longer than its limit");
    events.push(...page.events);
    after = page.position ?? after;
    if (page.atEnd) return events;
    assert.notEqual(page.position, null, "a page that is not at the end has looked at something");
  }
};

export const ids = (events: readonly { readonly id: string }[]): string[] => events.map((event) => event.id);

export const typesOf = (events: readonly { readonly type: EventType }[]): EventType[] =>
  events.map((event) => event.type);

/** Positions strictly rise, and have no holes where the store promises that; versions of each stream are contiguous. */
export const assertSound = (store: EventStore, events: readonly RecordedEvent[]): void => {
  const versions = new Map<string, number>();
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before) {
      assert.ok(store.compare(before.position, event.position) < 0, `${before.position} before ${event.position}`);
      assert.ok(before.recordedAt <= event.recordedAt, "recordedAt does not go back");
      if (store.capabilities.gaplessPositions) {
        assert.equal(BigInt(event.position), BigInt(before.position) + 1n, "positions have no hole");
      }
    }
    assert.equal(event.version, (versions.get(event.stream) ?? 0) + 1, `versions of ${event.stream} are contiguous`);
    versions.set(event.stream, event.version);
  }
};
