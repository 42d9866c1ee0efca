/** Conformance: reading a stream, reading all, bounds, filters, positions. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { RecordedEvent } from "@sluice/contracts";
import type { EventFilter, EventStore } from "@sluice/domain";
import {
  assertSound,
  type EventStoreDefinition,
  failed,
  ids,
  many,
  readEverything,
  retired,
  skipped,
  stored,
  to,
} from "./event-store-support.ts";

/** 60 events of three flows over their streams, interleaved in small appends; two messages are known by id. */
const fill = async (store: EventStore): Promise<{ events: RecordedEvent[]; messages: string[] }> => {
  const messages = [randomUUID(), randomUUID()] as const;
  for (let round = 0; round < 5; round++) {
    for (const flow of ["A", "B", "A-20260101"]) {
      await store.append([to(`flow-${flow}`, [retired(flow)])]);
      const message = messages[round % 2] as string;
      await store.append([to(`traffic-${flow}-2026010${round + 1}`, [stored(flow, message), failed(flow, message)])]);
      await store.append([to(`deliveries-${flow}-20260101`, [skipped(flow)])]);
    }
  }
  return { events: await readEverything(store), messages: [...messages] };
};

const flowOf = (event: RecordedEvent): string | undefined => ("flow" in event.data ? event.data.flow : undefined);

const afterInstant = async (instant: string): Promise<void> => {
  while (new Date().toISOString() <= instant) await new Promise((resolve) => setTimeout(resolve, 1));
};

export const readDefinitions: readonly EventStoreDefinition[] = [
  {
    name: "is empty at first",
    async run({ open }) {
      const store = await open();
      assert.equal(await store.head(), null);
      assert.equal(await store.countAfter(null), 0);
      assert.deepEqual(await store.readStream("flow-A", { limit: 10 }), []);
      for (const direction of ["forwards", "backwards"] as const) {
        const page = await store.readAll({ limit: 10, direction });
        assert.deepEqual(page, { events: [], position: null, atEnd: true });
      }
    },
  },
  {
    name: "reads a stream from a version on, in either direction, up to a limit",
    async run({ open }) {
      const store = await open();
      await store.append([to("flow-B", many(3))]);
      await store.append([to("flow-A", many(5))]);
      await store.append([to("flow-B", many(3))]);
      const versions = async (options: Parameters<EventStore["readStream"]>[1]): Promise<number[]> =>
        (await store.readStream("flow-A", options)).map((event) => event.version);
      assert.deepEqual(await versions({ limit: 100 }), [1, 2, 3, 4, 5]);
      assert.deepEqual(await versions({ limit: 2 }), [1, 2]);
      assert.deepEqual(await versions({ from: 4, limit: 100 }), [4, 5]);
      assert.deepEqual(await versions({ from: 2, limit: 2 }), [2, 3]);
      assert.deepEqual(await versions({ from: 6, limit: 2 }), []);
      assert.deepEqual(await versions({ limit: 2, direction: "backwards" }), [5, 4]);
      assert.deepEqual(await versions({ from: 3, limit: 100, direction: "backwards" }), [3, 2, 1]);
      assert.deepEqual(await store.readStream("flow-C", { limit: 10 }), []);
    },
  },
  {
    name: "reads all after a position, in either direction, page by page",
    async run({ open }) {
      const store = await open();
      const { events } = await fill(store);
      assert.equal(events.length, 60);
      assertSound(store, events);
      const backwards = events.toReversed();
      for (const limit of [1, 7, 59, 60, 61]) {
        assert.deepEqual(ids(await readEverything(store, undefined, { limit })), ids(events));
        const read = await readEverything(store, undefined, { limit, direction: "backwards" });
        assert.deepEqual(ids(read), ids(backwards));
      }
      const after = events[29]?.position as string;
      const forwards = await store.readAll({ after, limit: 5 });
      assert.deepEqual(ids(forwards.events), ids(events.slice(30, 35)));
      assert.equal(forwards.position, events[34]?.position);
      assert.equal(forwards.atEnd, false);
      const back = await store.readAll({ after, limit: 5, direction: "backwards" });
      assert.deepEqual(ids(back.events), ids(events.slice(24, 29).toReversed()));
      assert.equal(back.position, events[24]?.position);
    },
  },
  {
    name: "has looked at nothing when there is nothing after the position",
    async run({ open }) {
      const store = await open();
      await store.append([to("flow-A", many(3))]);
      const after = (await store.head()) as string;
      assert.deepEqual(await store.readAll({ after, limit: 5 }), { events: [], position: null, atEnd: true });
    },
  },
  {
    name: "resumes from a cursor that was kept, without a gap or a repeat",
    async run({ open }) {
      const first = await open();
      await first.append([to("flow-A", many(10))]);
      const page = await first.readAll({ limit: 4 });
      const cursor = page.position as string;
      const second = await open();
      await second.append([to("flow-A", many(3))]);
      const rest = await second.readAll({ after: cursor, limit: 100 });
      assert.deepEqual(ids([...page.events, ...rest.events]), ids(await readEverything(first)));
      assert.equal(rest.atEnd, true);
    },
  },
  {
    name: "filters by flow, stream, types and message, alone and together, in either direction",
    async run({ open }) {
      const store = await open();
      const { events, messages } = await fill(store);
      const [messageId = ""] = messages;
      const matches = (filter: EventFilter) => (event: RecordedEvent) =>
        (filter.flow === undefined || flowOf(event) === filter.flow) &&
        (filter.stream === undefined || event.stream === filter.stream) &&
        (filter.types === undefined || filter.types.includes(event.type)) &&
        (filter.messageId === undefined || ("messageId" in event.data && event.data.messageId === filter.messageId));
      const filters: EventFilter[] = [
        { flow: "A" },
        { flow: "A-20260101" },
        { flow: "none" },
        { stream: "traffic-B-20260103" },
        { stream: "none" },
        { types: ["ValidationFailed"] },
        { types: ["FlowRetired", "ValidationFailed", "FlowRetired"] },
        { types: ["StoredAttribute"] },
        { types: ["StoredAttribute", "FlowRetired"] },
        { types: ["FlowDefined"] },
        { messageId },
        { messageId: randomUUID() },
        { messageId, flow: "B" },
        { messageId, flow: "B", types: ["StoredAttribute"] },
        { flow: "A", types: ["ValidationFailed"] },
        { flow: "A", types: ["StoredAttribute"] },
        { flow: "A", stream: "flow-A" },
        { flow: "A", stream: "flow-B" },
        { stream: "traffic-A-20260102", types: ["ValidationFailed"], messageId },
        {},
      ];
      for (const filter of filters) {
        const wanted = events.filter(matches(filter));
        for (const limit of [2, 100]) {
          const forwards = await readEverything(store, filter, { limit });
          assert.deepEqual(forwards, wanted, JSON.stringify(filter));
          const backwards = await readEverything(store, filter, { limit, direction: "backwards" });
          assert.deepEqual(backwards, wanted.toReversed(), `${JSON.stringify(filter)} backwards`);
        }
        for (const middle of [17, 42]) {
          const after = events[middle]?.position as string;
          const page = await store.readAll({ after, limit: 100, filter });
          assert.deepEqual(ids(page.events), ids(events.slice(middle + 1).filter(matches(filter))));
          const back = await store.readAll({ after, limit: 100, filter, direction: "backwards" });
          assert.deepEqual(ids(back.events), ids(events.slice(0, middle).filter(matches(filter)).toReversed()));
        }
      }
    },
  },
  {
    name: "filters by the time of recording, both bounds inclusive",
    async run({ open }) {
      const store = await open();
      const instants: string[] = [];
      for (let index = 0; index < 4; index++) {
        const { recordedAt } = await store.append([to("flow-A", many(2))]);
        instants.push(recordedAt);
        await afterInstant(recordedAt);
      }
      const [first = "", second = "", third = "", fourth = ""] = instants;
      const found = async (filter: EventFilter): Promise<number[]> =>
        (await readEverything(store, filter)).map((event) => event.version);
      assert.deepEqual(await found({ recordedFrom: second, recordedTo: third }), [3, 4, 5, 6]);
      assert.deepEqual(await found({ recordedFrom: second, recordedTo: second, flow: "A" }), [3, 4]);
      assert.deepEqual(await found({ recordedTo: first }), [1, 2]);
      assert.deepEqual(await found({ recordedFrom: fourth }), [7, 8]);
      assert.deepEqual(await found({ recordedTo: "2001-01-01T00:00:00Z" }), []);
      assert.deepEqual(await found({ recordedFrom: "2999-01-01T00:00:00Z" }), []);
      assert.deepEqual(await found({ recordedFrom: third, recordedTo: second }), []);
      const backwards = await store.readAll({
        limit: 10,
        direction: "backwards",
        filter: { recordedFrom: second, recordedTo: third },
      });
      assert.deepEqual(
        backwards.events.map((event) => event.version),
        [6, 5, 4, 3],
      );
    },
  },
  {
    name: "says how far it looked where a filter passed everything over",
    async run({ open }) {
      const store = await open();
      await store.append([to("flow-A", many(20))]);
      const head = (await store.head()) as string;
      for (const filter of [{ flow: "B" }, { types: ["FlowDefined"] }, { stream: "x" }] satisfies EventFilter[]) {
        const page = await store.readAll({ limit: 5, filter });
        assert.deepEqual(page, { events: [], position: head, atEnd: true });
      }
    },
  },
  {
    name: "orders positions and counts what lies after one",
    async run({ open }) {
      const store = await open();
      const results = [];
      for (let index = 0; index < 12; index++) results.push(await store.append([to("flow-A", many(1))]));
      const positions = results.map((result) => result.position);
      assert.equal(await store.head(), positions.at(-1));
      assert.deepEqual(
        positions.toReversed().sort((a, b) => store.compare(a, b)),
        positions,
      );
      assert.equal(store.compare(positions[9] as string, positions[9] as string), 0);
      assert.ok(store.compare(positions[8] as string, positions[9] as string) < 0);
      assert.ok(store.compare(positions[10] as string, positions[1] as string) > 0);
      assert.equal(await store.countAfter(await store.head()), 0);
      if (store.capabilities.gaplessPositions) {
        assert.equal(await store.countAfter(null), 12);
        assert.equal(await store.countAfter(positions[3] as string), 8);
      }
    },
  },
];
