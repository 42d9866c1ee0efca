/** Conformance: what is leased, in which order, and how a lease ends. */
import assert from "node:assert/strict";
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

const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

export const leaseDefinitions: readonly OfflineQueueDefinition[] = [
  {
    name: "gives an item back whole, with bytes of every value",
    async run({ open }) {
      const queue = await open();
      const enqueue = [
        item("bytes", { payload: allBytes, priority: 10, enqueuedAt: 1_767_225_600_123 }),
        item("nothing", { payload: new Uint8Array(0), priority: 9 }),
        item("part of a buffer", { payload: allBytes.subarray(100, 103), priority: 8 }),
        item("much", { payload: new Uint8Array(300_000).fill(200), priority: 7 }),
        item("Grüße/🌡️'\"%", { priority: 1, enqueuedAt: 0 }),
      ];
      assert.deepEqual(await queue.commit({ enqueue }), { refused: [], evicted: [] });
      const leased = await lease(queue);
      assert.deepEqual(
        leased.map((one) => ({ ...one, payload: Uint8Array.from(one.payload) })),
        enqueue.map((one) => ({ ...one, attempts: 0 })),
      );
      const odd = "Ελλάδα/🌡️ ';--";
      await queue.commit({ enqueue: [item("elsewhere", { group: odd })] });
      assert.deepEqual(idsOf(await lease(queue, { group: odd })), ["elsewhere"]);
    },
  },
  {
    name: "gives 10 before 5 before 1, and the first in first within a priority",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: items(1, 5, 10, 5, 1) });
      await queue.commit({ enqueue: [item("late", { priority: 10, enqueuedAt: 1 })] });
      const order = ["2:10", "late", "1:5", "3:5", "0:1", "4:1"];
      assert.deepEqual(idsOf(await lease(queue)), order);
      await queue.releaseAll();
      assert.deepEqual(await leaseEach(queue), order);
    },
  },
  {
    name: "gives no more than was asked for, and nothing twice",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: Array.from({ length: 25 }, (_, index) => item(`item ${index}`)) });
      const batches = [];
      for (let round = 0; round < 4; round++) batches.push(idsOf(await lease(queue, { limit: 10 })));
      assert.deepEqual(
        batches.map((batch) => batch.length),
        [10, 10, 5, 0],
      );
      assert.equal(new Set(batches.flat()).size, 25);
    },
  },
  {
    name: "gives each group its own, and to two consumers not the same",
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      await one.commit({ enqueue: [item("a"), item("b", { group: "other" }), item("c"), item("d")] });
      assert.deepEqual(idsOf(await lease(two, { group: "other" })), ["b"]);
      assert.deepEqual(idsOf(await lease(two, { group: "nothing" })), []);
      const both = [...(await lease(one, { limit: 2 })), ...(await lease(two, { limit: 2 }))];
      assert.deepEqual(idsOf(both), ["a", "c", "d"]);
    },
  },
  {
    name: "takes completed items away, whatever their state, and minds none that is not there",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("leased"), item("waiting"), item("later"), item("dead"), item("stays")] });
      await lease(queue, { limit: 1 });
      await queue.commit({ deadLetter: [{ id: "dead", reason: "refused" }] });
      await queue.commit({ complete: ["leased", "waiting", "dead", "no such item", "leased"] });
      assert.deepEqual(await stateOf(queue), [2, 0, 0]);
      await queue.commit({ complete: ["leased", "later"] });
      assert.deepEqual(await leaseEach(queue), ["stays"]);
      await queue.commit({ complete: ["stays"] });
      assert.deepEqual(await queue.groups(), []);
    },
  },
  {
    name: "leaves an item that it holds already as it is",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("a", { priority: 3 }), item("b", { priority: 2 })] });
      const again = item("a", { priority: 9, group: "other", payload: allBytes, enqueuedAt: 9 });
      assert.deepEqual(await queue.commit({ enqueue: [again, item("b")] }), { refused: [], evicted: [] });
      assert.deepEqual(await queue.commit({ enqueue: [item("c"), item("c")] }), { refused: [], evicted: [] });
      assert.equal(await groupOf(queue, "other"), undefined);
      const leased = await lease(queue);
      assert.deepEqual(
        leased.map(({ id, priority }) => [id, priority]),
        [
          ["c", 5],
          ["a", 3],
          ["b", 2],
        ],
      );
      await queue.commit({ enqueue: [item("a")] });
      assert.deepEqual(await lease(queue), [], "a leased one too");
    },
  },
  {
    name: "makes a failed item wait until its time, in its old place, with its attempts counted",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("a"), item("b"), item("c")] });
      await lease(queue, { limit: 2 });
      await queue.retryLater([
        { id: "a", at: 2_500 },
        { id: "b", at: 2_600 },
        { id: "c", at: 9_000 },
        { id: "no such item", at: 9_000 },
      ]);
      assert.deepEqual(await stateOf(queue), [3, 0, 0]);
      assert.deepEqual(await leaseEach(queue, { now: 2_499 }), ["c"], "which was not leased, and so not put off");
      assert.deepEqual(await leaseEach(queue, { now: 2_499 }), []);
      const [again] = await lease(queue, { now: 2_500 });
      assert.deepEqual([again?.id, again?.attempts], ["a", 1]);
      await queue.retryLater([{ id: "a", at: 2_550 }]);
      const both = await lease(queue, { now: 2_700 });
      assert.deepEqual(
        both.map(({ id, attempts }) => [id, attempts]),
        [
          ["a", 2],
          ["b", 1],
        ],
      );
    },
  },
  {
    name: "ends leases that are released without counting an attempt",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("a"), item("b"), item("c")] });
      await lease(queue, { limit: 2 });
      await queue.release(["a", "c", "no such item"]);
      assert.deepEqual(await stateOf(queue), [2, 1, 0]);
      const again = await lease(queue);
      assert.deepEqual(
        again.map(({ id, attempts }) => [id, attempts]),
        [
          ["a", 0],
          ["c", 0],
        ],
      );
    },
  },
  {
    name: "ends every lease at once, and nothing else",
    async run({ open }) {
      const queue = await open();
      await queue.commit({
        enqueue: [item("a"), item("b", { group: "other" }), item("later"), item("dead"), item("waits")],
      });
      await lease(queue, { limit: 2 });
      await lease(queue, { group: "other" });
      await queue.retryLater([{ id: "later", at: 5_000 }]);
      await queue.commit({ deadLetter: [{ id: "dead", reason: "refused" }] });
      await queue.releaseAll();
      assert.deepEqual(await stateOf(queue), [3, 0, 1]);
      assert.deepEqual(await leaseEach(queue), ["a", "waits"]);
      assert.deepEqual(await leaseEach(queue, { group: "other" }), ["b"]);
    },
  },
  {
    name: "gives an item again when its lease has run out, at that moment and without an attempt counted",
    async run({ open }) {
      const [dying, living] = [await open(), await open()];
      await dying.commit({ enqueue: [item("a", { priority: 9 }), item("b")] });
      await lease(dying, { limit: 1, until: 3_000 });
      assert.deepEqual(idsOf(await lease(living, { now: 2_999, until: 3_000 })), ["b"]);
      assert.equal((await groupOf(living))?.nextAt, 3_000);
      const again = await lease(living, { now: 3_000, until: 4_000 });
      assert.deepEqual(
        again.map(({ id, attempts }) => [id, attempts]),
        [
          ["a", 0],
          ["b", 0],
        ],
      );
      assert.deepEqual(await stateOf(living), [0, 2, 0]);
      await dying.commit({ complete: ["a"] });
      assert.deepEqual(await leaseEach(living, { now: 4_000, until: 5_000 }), ["b"], "the late result still counts");
    },
  },
  {
    name: "gives of an ordered group the oldest alone, whatever the priorities",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: items(1, 10, 5) });
      const ordered = { ordered: true } as const;
      assert.deepEqual(idsOf(await lease(queue, ordered)), ["0:1"]);
      assert.deepEqual(await lease(queue, ordered), [], "while it is leased");
      await queue.retryLater([{ id: "0:1", at: 2_500 }]);
      assert.deepEqual(await lease(queue, { ...ordered, now: 2_499 }), [], "while it waits for its time");
      assert.deepEqual(idsOf(await lease(queue, { ...ordered, now: 2_500 })), ["0:1"]);
      await queue.release(["0:1"]);
      assert.deepEqual(idsOf(await lease(queue, { ...ordered, until: 2_100 })), ["0:1"]);
      assert.deepEqual(await lease(queue, { ...ordered, now: 2_099 }), []);
      assert.deepEqual(idsOf(await lease(queue, { ...ordered, now: 2_100 })), ["0:1"], "its lease has run out");
      await queue.commit({ complete: ["0:1"] });
      assert.deepEqual(idsOf(await lease(queue, ordered)), ["1:10"]);
      await queue.commit({ deadLetter: [{ id: "1:10", reason: "refused" }] });
      assert.deepEqual(idsOf(await lease(queue, ordered)), ["2:5"], "past a dead one");
      await queue.commit({ complete: ["2:5"], retry: [{ id: "1:10", at: 2_000 }] });
      await queue.commit({ enqueue: [item("newer")] });
      assert.deepEqual(idsOf(await lease(queue, ordered)), ["1:10"], "a retried one is the oldest again");
    },
  },
  {
    name: "tells that an item has become ready while the head of its ordered group is leased",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("head"), item("second")] });
      const [, second] = await lease(queue, { until: 9_000 });
      await queue.retryLater([{ id: second?.id as string, at: 2_500 }]);
      assert.equal((await groupOf(queue))?.nextAt, 2_500);
      assert.deepEqual(await lease(queue, { ordered: true, now: 2_600, until: 9_000 }), []);
      // Once ready it stays so, also when the clock is set back.
      assert.ok(((await groupOf(queue))?.nextAt ?? Number.NaN) <= 2_000);
      assert.deepEqual(await leaseEach(queue), ["second"]);
    },
  },
  {
    name: "keeps what it holds, leases too, when it is closed and opened again",
    async run({ open }) {
      const first = await open();
      await first.commit({
        enqueue: items(1, 2, 3, 4),
        counts: [{ key: "k", delta: 4 }],
        cursor: { consumer: "c", from: null, to: "1" },
      });
      await lease(first, { limit: 1 });
      await lease(first, { limit: 1 });
      await first.retryLater([{ id: "2:3", at: 5_000 }]);
      await first.commit({ deadLetter: [{ id: "0:1", reason: "refused" }] });
      const before = [await first.groups(), await first.statistics(), await first.dead({ limit: 9 })];
      await first.stop();
      const second = await open();
      assert.deepEqual([await second.groups(), await second.statistics(), await second.dead({ limit: 9 })], before);
      assert.equal(await second.cursor("c"), "1");
      assert.deepEqual([...(await second.counts())], [["k", 4]]);
      assert.deepEqual(idsOf(await lease(second)), ["1:2"]);
      assert.deepEqual(idsOf(await lease(second, { group: GROUP, now: 5_000, until: 6_000 })), ["3:4", "2:3", "1:2"]);
    },
  },
];
