/** Conformance: subscriptions. */
import assert from "node:assert/strict";
import type { RecordedEvent } from "@sluice/contracts";
import type { EventStore, SubscribeOptions } from "@sluice/domain";
import { type EventStoreDefinition, ids, many, readEverything, retired, skipped, to } from "./event-store-support.ts";

/** Reads until so many events have come, and then hangs up. */
const collect = async (
  store: EventStore,
  count: number,
  options: Omit<SubscribeOptions, "signal"> = {},
  seen: (event: RecordedEvent) => void = () => undefined,
): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  const abort = new AbortController();
  for await (const page of store.subscribe({ ...options, signal: abort.signal })) {
    for (const event of page.events) {
      events.push(event);
      seen(event);
    }
    if (events.length >= count) abort.abort();
  }
  return events;
};

export const subscribeDefinitions: readonly EventStoreDefinition[] = [
  {
    name: "gives a subscriber every event once and in order, those committed while it reads included",
    async run({ open }) {
      const [store, other] = [await open(), await open()];
      await store.append([to("flow-A", many(50))]);
      const reading = collect(store, 450, { pageSize: 7 });
      const appendAll = async (appender: EventStore, stream: string): Promise<void> => {
        for (let index = 0; index < 40; index++) await appender.append([to(stream, many(5))]);
      };
      await Promise.all([appendAll(store, "flow-B"), appendAll(other, "flow-C")]);
      assert.deepEqual(ids(await reading), ids(await readEverything(store)));
    },
  },
  {
    name: "wakes a subscriber for appends of its own store and of another instance",
    async run({ open }) {
      const [store, other] = [await open(), await open()];
      let seen = Promise.withResolvers<string>();
      const reading = collect(store, 10, {}, (event) => seen.resolve(event.id));
      for (let round = 0; round < 10; round++) {
        const event = skipped();
        await (round % 2 === 0 ? store : other).append([to("flow-A", [event])]);
        assert.equal(await seen.promise, event.id);
        seen = Promise.withResolvers();
      }
      await reading;
    },
  },
  {
    name: "begins a subscription after a position",
    async run({ open }) {
      const store = await open();
      const { position } = await store.append([to("flow-A", many(5))]);
      const later = many(3);
      await store.append([to("flow-A", later)]);
      assert.deepEqual(ids(await collect(store, 3, { after: position })), ids(later));
    },
  },
  {
    name: "filters a subscription, and moves its cursor past what it passes over",
    async run({ open }) {
      const store = await open();
      const abort = new AbortController();
      const [wanted, found] = [retired("B"), [] as string[]];
      await store.append([
        to(
          "flow-A",
          many(20, () => skipped("A")),
        ),
      ]);
      await store.append([to("flow-B", [wanted])]);
      const { position: end } = await store.append([
        to(
          "flow-A",
          many(20, () => skipped("A")),
        ),
      ]);
      for await (const page of store.subscribe({ filter: { flow: "B" }, signal: abort.signal, pageSize: 1 })) {
        found.push(...ids(page.events));
        assert.ok(page.position);
        if (store.compare(page.position, end) >= 0) abort.abort();
      }
      assert.deepEqual(found, [wanted.id]);
    },
  },
  {
    name: "ends a subscription by its signal, before it begins, while it waits and in the middle of a page",
    async run({ open }) {
      const store = await open();
      await store.append([to("flow-A", many(10))]);
      for await (const _ of store.subscribe({ signal: AbortSignal.abort() })) assert.fail("was aborted before");
      assert.equal((await collect(store, 1, { pageSize: 1 })).length, 1);
      const abort = new AbortController();
      const waiting = (async () => {
        let count = 0;
        for await (const page of store.subscribe({ signal: abort.signal })) count += page.events.length;
        return count;
      })();
      setTimeout(() => abort.abort(), 30);
      assert.equal(await waiting, 10);
    },
  },
  {
    name: "ends a waiting subscription when the store stops",
    async run({ open }) {
      const store = await open();
      const reading = (async () => {
        for await (const _ of store.subscribe({ signal: new AbortController().signal })) assert.fail("nothing to read");
      })();
      await store.stop();
      await reading;
    },
  },
];
