/** Conformance: the same batch again, as after a failure of which nobody knows whether it came before the commit. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { NewEvent } from "@sluice/contracts";
import { EventRejected } from "@sluice/domain";
import {
  assertSound,
  type EventStoreDefinition,
  ids,
  many,
  readEverything,
  received,
  skipped,
  stored,
  to,
} from "./event-store-support.ts";

export const idempotenceDefinitions: readonly EventStoreDefinition[] = [
  {
    name: "stores a batch that is sent again once, whatever it expects",
    async run({ open }) {
      const store = await open();
      for (const expected of ["any", "none", 0] as const) {
        const batch = [to(`flow-${expected}`, many(3), expected)];
        const first = await store.append(batch);
        await store.append([to(`flow-${expected}`, many(1))]);
        for (let again = 0; again < 2; again++) {
          const { duplicate, ...result } = await store.append(batch);
          assert.deepEqual({ ...result, duplicate: false }, first);
          assert.equal(duplicate, true);
        }
      }
      assert.equal((await readEverything(store)).length, 12);
      assertSound(store, await readEverything(store));
    },
  },
  {
    name: "stores a batch over several streams that is sent again once",
    needs: "atomicMultiStream",
    async run({ open }) {
      const store = await open();
      const batch = [to("flow-A", many(2), 0), to("flow-B", many(1), "any"), to("flow-C", many(3), "none")];
      const first = await store.append(batch);
      const second = await store.append(batch);
      assert.deepEqual(second, { ...first, duplicate: true });
      assert.equal((await readEverything(store)).length, 6);
    },
  },
  {
    name: "stores messages with their attributes that are sent again once, and gives each event by itself",
    async run({ open }) {
      const store = await open();
      const message = (): NewEvent[] => {
        const messageId = randomUUID();
        return [received("A", messageId), ...many(3, (index) => stored("A", messageId, `a${index}`))];
      };
      const events = [...message(), ...message()];
      const batch = [to("traffic-A-20260101", events, 0)];
      const first = await store.append(batch);
      assert.deepEqual(first.versions, [8]);
      assert.deepEqual(await store.append(batch), { ...first, duplicate: true });
      assert.deepEqual(ids(await readEverything(store)), ids(events));
      assertSound(store, await readEverything(store));
      for (const limit of [1, 3, 5]) {
        assert.deepEqual(ids(await readEverything(store, undefined, { limit })), ids(events));
        const backwards = await readEverything(
          store,
          { types: ["StoredAttribute"] },
          { limit, direction: "backwards" },
        );
        assert.deepEqual(ids(backwards), ids(events.filter(({ type }) => type === "StoredAttribute").toReversed()));
        const stream = await store.readStream("traffic-A-20260101", { from: 3, limit });
        assert.deepEqual(ids(stream), ids(events.slice(2, 2 + limit)));
      }
    },
  },
  {
    name: "stores a batch that several send at the same time once",
    async run({ open }) {
      const stores = [await open(), await open()];
      for (const expected of ["any", 0] as const) {
        const batch = [to(`flow-${expected}`, many(5), expected)];
        const sent = Array.from({ length: 8 }, (_, index) => stores[index % 2]?.append(batch));
        const results = await Promise.all(sent);
        assert.equal(results.filter((result) => result?.duplicate === false).length, 1);
        assert.equal(new Set(results.map((result) => result?.position)).size, 1);
        assert.equal((await stores[0]?.readStream(`flow-${expected}`, { limit: 100 }))?.length, 5);
      }
    },
  },
  {
    name: "does not let a batch sent again take part in the refusal of another, nor the other way round",
    async run({ open }) {
      const store = await open();
      const batch = [to("flow-A", many(2), 0)];
      await store.append(batch);
      const [again, conflict, fresh] = await Promise.allSettled([
        store.append(batch),
        store.append([to("flow-A", many(2), 0)]),
        store.append([to("flow-B", many(2), 0)]),
      ]);
      assert.deepEqual([again?.status, conflict?.status, fresh?.status], ["fulfilled", "rejected", "fulfilled"]);
      assert.equal((await readEverything(store)).length, 4);
      assertSound(store, await readEverything(store));
    },
  },
  {
    name: "refuses a batch of which it has a part",
    async run({ open }) {
      const store = await open();
      const events = many(3);
      await store.append([to("flow-A", events.slice(0, 2))]);
      for (const expected of ["any", 2, 0] as const) {
        await assert.rejects(store.append([to("flow-A", events, expected)]), EventRejected, `expected ${expected}`);
      }
      assert.equal((await readEverything(store)).length, 2);
    },
  },
  {
    name: "refuses an id that is in another stream, and one that is twice in the batch",
    async run({ open }) {
      const store = await open();
      const event = skipped();
      await store.append([to("flow-A", [event])]);
      await assert.rejects(store.append([to("flow-B", [event])]), EventRejected);
      const twice = skipped();
      await assert.rejects(store.append([to("flow-B", [twice, twice])]), EventRejected);
      assert.equal((await readEverything(store)).length, 1);
    },
  },
];
