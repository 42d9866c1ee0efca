/** Conformance: the bound, and the statistics. */
import assert from "node:assert/strict";
import type { QueueItem } from "@sluice/domain";
import {
  GROUP,
  groupOf,
  idsOf,
  item,
  items,
  lease,
  leaseEach,
  type OfflineQueueDefinition,
  stateOf,
} from "./offline-queue-support.ts";

const plain = (evicted: readonly QueueItem[]): QueueItem[] =>
  evicted.map((one) => ({ ...one, payload: Uint8Array.from(one.payload) }));

export const boundDefinitions: readonly OfflineQueueDefinition[] = [
  {
    name: "evicts no equal or higher priority: the newcomer is refused",
    async run({ open }) {
      const queue = await open(3);
      await queue.commit({ enqueue: items(10, 10, 10) });
      const ones = ["x", "y", "z"].map((id) => item(id, { priority: 1 }));
      assert.deepEqual(await queue.commit({ enqueue: ones }), { refused: ["x", "y", "z"], evicted: [] });
      const equal = await queue.commit({ enqueue: [item("equal", { priority: 10 })] });
      assert.deepEqual(equal, { refused: ["equal"], evicted: [] });
      assert.deepEqual(await leaseEach(queue), ["0:10", "1:10", "2:10"]);
    },
  },
  {
    name: "evicts the lowest priority first and the oldest first among them, of any group",
    async run({ open }) {
      const queue = await open(6);
      const held = items(3, 1, 2, 1, 3, 2).map((one, index) => ({ ...one, group: `group ${index}` }));
      await queue.commit({ enqueue: held });
      const newcomers = ["a", "b", "c", "d", "e", "f"].map((id) => item(id, { priority: 3 }));
      const { refused, evicted } = await queue.commit({ enqueue: newcomers });
      assert.deepEqual(plain(evicted), [held[1], held[3], held[2], held[5]]);
      assert.deepEqual(refused, ["e", "f"]);
      assert.equal((await queue.statistics()).total, 6);
      assert.equal(await groupOf(queue, "group 1"), undefined);
    },
  },
  {
    name: "takes newcomers in their order: one may evict one that came before it",
    async run({ open }) {
      const queue = await open(2);
      const { refused, evicted } = await queue.commit({ enqueue: items(2, 1, 3, 1, 3) });
      assert.deepEqual([refused, idsOf(evicted)], [["3:1"], ["1:1", "0:2"]]);
      assert.deepEqual(await leaseEach(queue), ["2:3", "4:3"]);
    },
  },
  {
    name: "evicts nothing that is leased, but what waits for its time",
    async run({ open }) {
      const queue = await open(3);
      await queue.commit({ enqueue: items(1, 2, 3) });
      await lease(queue, { limit: 1 });
      await lease(queue, { limit: 1 });
      await queue.retryLater([{ id: "1:2", at: 9_000 }]);
      const { refused, evicted } = await queue.commit({
        enqueue: ["a", "b", "c"].map((id) => item(id, { priority: 9 })),
      });
      assert.deepEqual([refused, idsOf(evicted)], [["c"], ["0:1", "1:2"]]);
      assert.deepEqual(await stateOf(queue), [2, 1, 0]);
    },
  },
  {
    name: "refuses no item that it holds already, and counts it once",
    async run({ open }) {
      const queue = await open(2);
      await queue.commit({ enqueue: items(5, 5) });
      assert.deepEqual(await queue.commit({ enqueue: items(5, 5) }), { refused: [], evicted: [] });
      const higher = item("0:5", { priority: 9 });
      assert.deepEqual(await queue.commit({ enqueue: [higher] }), { refused: [], evicted: [] });
      const roomy = await open(3);
      const some = [...items(5), item("new"), ...items(5, 5), item("no room")];
      assert.deepEqual(await roomy.commit({ enqueue: some }), { refused: ["no room"], evicted: [] });
    },
  },
  {
    name: "has room for newcomers where the same commit lets items go or die",
    async run({ open }) {
      const queue = await open(3);
      await queue.commit({ enqueue: items(10, 10, 10) });
      const result = await queue.commit({
        enqueue: ["a", "b", "c", "d"].map((id) => item(id, { priority: 1 })),
        complete: ["0:10"],
        discard: ["1:10"],
        deadLetter: [{ id: "2:10", reason: "refused" }],
      });
      assert.deepEqual(result, { refused: ["d"], evicted: [] });
      assert.deepEqual(await stateOf(queue), [3, 0, 1]);
    },
  },
  {
    name: "takes a retried item back even when it is full, and no other beyond its bound",
    async run({ open }) {
      const queue = await open(2);
      await queue.commit({ enqueue: items(5, 5) });
      await queue.commit({ deadLetter: [{ id: "0:5", reason: "refused" }] });
      await queue.commit({ enqueue: [item("a", { priority: 1 })] });
      assert.equal((await queue.statistics()).capacityUsedPercent, 100);
      await queue.commit({ retry: [{ id: "0:5", at: 0 }] });
      assert.equal((await queue.statistics()).total, 3);
      const { refused, evicted } = await queue.commit({ enqueue: [item("b"), item("c")] });
      assert.deepEqual([refused, idsOf(evicted)], [["c"], ["a"]], "one goes for one that comes");
      await queue.commit({ complete: ["0:5", "b"] });
      assert.deepEqual(await queue.commit({ enqueue: [item("d"), item("e")] }), { refused: ["e"], evicted: [] });
    },
  },
  {
    name: "evicts nothing by itself when its bound was lowered",
    async run({ open }) {
      const roomy = await open();
      await roomy.commit({ enqueue: items(1, 2, 3, 4) });
      await roomy.stop();
      const queue = await open(2);
      const { total, capacityUsedPercent } = await queue.statistics();
      assert.deepEqual([total, capacityUsedPercent], [4, 200]);
      const { refused, evicted } = await queue.commit({
        enqueue: [item("low", { priority: 1 }), item("high", { priority: 9 })],
      });
      assert.deepEqual([refused, idsOf(evicted)], [["low"], ["0:1"]]);
    },
  },
  {
    name: "tells its total, priorities, use, age and dead",
    async run({ open }) {
      const queue = await open(8);
      assert.deepEqual(await queue.statistics(), {
        total: 0,
        byPriority: new Map(),
        capacityUsedPercent: 0,
        oldest: null,
        dead: 0,
      });
      await queue.commit({
        enqueue: [
          item("a", { priority: 1, enqueuedAt: 1_500 }),
          item("b", { priority: 10, enqueuedAt: 1_600 }),
          item("c", { priority: 10, enqueuedAt: 1_700, group: "other" }),
        ],
      });
      await lease(queue, { group: "other" });
      const before = await queue.statistics();
      assert.deepEqual(
        { ...before, byPriority: [...before.byPriority].toSorted() },
        {
          total: 3,
          byPriority: [
            [1, 1],
            [10, 2],
          ],
          capacityUsedPercent: 37.5,
          oldest: 1_500,
          dead: 0,
        },
      );
      await queue.commit({ deadLetter: [{ id: "a", reason: "refused" }], complete: ["b"] });
      const after = await queue.statistics();
      assert.deepEqual([after.total, [...after.byPriority], after.oldest, after.dead], [1, [[10, 1]], 1_700, 1]);
      assert.equal((await (await open()).statistics()).capacityUsedPercent, 0, "of a queue without a bound");
    },
  },
  {
    name: "tells of each group how many, how old, and when the next may be leased",
    async run({ open }) {
      const [queue, other] = [await open(), await open()];
      assert.deepEqual(await queue.groups(), []);
      await queue.commit({
        enqueue: [item("a", { enqueuedAt: 1_100 }), item("b", { enqueuedAt: 1_200 }), item("c", { group: "other" })],
      });
      for (const one of [queue, other]) {
        const found = await groupOf(one);
        assert.deepEqual(
          { ...found, nextAt: 0 },
          {
            group: GROUP,
            waiting: 2,
            leased: 0,
            dead: 0,
            oldest: 1_100,
            nextAt: 0,
          },
        );
        assert.ok((found?.nextAt ?? Number.NaN) <= 2_000, "now");
      }
      await lease(queue, { until: 3_000 });
      for (const one of [queue, other]) {
        const leased = { group: GROUP, waiting: 0, leased: 2, dead: 0, oldest: 1_100, nextAt: 3_000 };
        assert.deepEqual(await groupOf(one), leased);
      }
      await other.retryLater([{ id: "b", at: 2_500 }]);
      await other.commit({ deadLetter: [{ id: "a", reason: "refused" }] });
      for (const one of [queue, other]) {
        const waits = { group: GROUP, waiting: 1, leased: 0, dead: 1, oldest: 1_200, nextAt: 2_500 };
        assert.deepEqual(await groupOf(one), waits);
      }
      await other.commit({ complete: ["b"] });
      const dead = { group: GROUP, waiting: 0, leased: 0, dead: 1, oldest: null, nextAt: null };
      assert.deepEqual(await groupOf(queue), dead);
      await other.commit({ discard: ["a"] });
      assert.deepEqual(idsOf((await queue.groups()).map(({ group }) => ({ id: group }))), ["other"]);
    },
  },
];
