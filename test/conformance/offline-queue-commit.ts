/** Conformance: the commit as one transaction, with dead letters, counts and the cursor. */
import assert from "node:assert/strict";
import { CursorMoved, type QueueChanges } from "@sluice/domain";
import {
  groupOf,
  idsOf,
  item,
  lease,
  leaseEach,
  type OfflineQueueDefinition,
  stateOf,
} from "./offline-queue-support.ts";

/** Throws when it is read: as a process that dies half-way, but for the catching. */
const broken = Object.defineProperty(item("broken"), "payload", {
  enumerable: true,
  get: () => {
    throw new Error("broken");
  },
});

export const commitDefinitions: readonly OfflineQueueDefinition[] = [
  {
    name: "moves a consumer's cursor, and does nothing when it is elsewhere",
    async run({ open }) {
      const queue = await open();
      const move = (consumer: string, from: string | null, to: string, more: QueueChanges = {}) =>
        queue.commit({ cursor: { consumer, from, to }, ...more });
      assert.equal(await queue.cursor("a"), null);
      await move("a", null, "0001");
      await move("b", null, "7");
      await move("a", "0001", "C:2/P:2");
      for (const from of [null, "0001", "C:2/P:3"]) {
        const changes = { enqueue: [item("x")], counts: [{ key: "k", delta: 1 }] };
        await assert.rejects(
          move("a", from, "9", changes),
          (error) => error instanceof CursorMoved && error.actual === "C:2/P:2",
        );
      }
      assert.deepEqual([await queue.cursor("a"), await queue.cursor("b")], ["C:2/P:2", "7"]);
      assert.deepEqual(await queue.groups(), []);
      assert.deepEqual([...(await queue.counts())], []);
    },
  },
  {
    name: "lets one of two consumers that are at the same place win",
    async run({ open }) {
      const queues = [await open(), await open()];
      for (let round = 0; round < 10; round++) {
        const from = round === 0 ? null : String(round);
        const outcomes = await Promise.allSettled(
          queues.map((queue, index) =>
            queue.commit({
              cursor: { consumer: "c", from, to: String(round + 1) },
              enqueue: [item(`${round} ${index}`)],
            }),
          ),
        );
        const lost = outcomes.filter((outcome) => outcome.status === "rejected");
        assert.equal(lost.length, 1);
        assert.ok(lost[0]?.reason instanceof CursorMoved);
      }
      for (const queue of queues) assert.deepEqual(await stateOf(queue), [10, 0, 0]);
    },
  },
  {
    name: "keeps nothing of a commit that fails half-way",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("a"), item("b"), item("c"), item("d")] });
      await lease(queue, { limit: 1 });
      await queue.commit({ deadLetter: [{ id: "c", reason: "refused" }] });
      const before = [await queue.groups(), await queue.statistics(), await queue.dead({ limit: 9 })];
      const commit = queue.commit({
        cursor: { consumer: "c", from: null, to: "1" },
        enqueue: [item("e"), broken],
        complete: ["a"],
        deadLetter: [{ id: "b", reason: "refused" }],
        retry: [{ id: "c", at: 0 }],
        discard: ["d"],
        counts: [{ key: "k", delta: 1 }],
      });
      await assert.rejects(commit, /broken|could not be cloned/);
      assert.deepEqual([await queue.groups(), await queue.statistics(), await queue.dead({ limit: 9 })], before);
      assert.equal(await queue.cursor("c"), null);
      assert.deepEqual([...(await queue.counts())], []);
      assert.deepEqual(await leaseEach(queue), ["b", "d"]);
    },
  },
  {
    name: "adds up counts",
    async run({ open }) {
      const queue = await open();
      await queue.commit({
        counts: [
          { key: "a/done", delta: 2 },
          { key: "ü 🌡️", delta: 1 },
          { key: "a/done", delta: 3 },
        ],
      });
      await queue.commit({
        counts: [
          { key: "a/done", delta: -1 },
          { key: "b", delta: -7 },
        ],
      });
      assert.deepEqual([...(await queue.counts())].toSorted(), [
        ["a/done", 4],
        ["b", -7],
        ["ü 🌡️", 1],
      ]);
    },
  },
  {
    name: "keeps dead items with their reason and attempts, and leases them to nobody",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("leased"), item("waiting", { payload: Uint8Array.of(0, 255) })] });
      await lease(queue, { limit: 1 });
      await queue.retryLater([{ id: "leased", at: 0 }]);
      await lease(queue, { limit: 1 });
      await queue.commit({
        deadLetter: [
          { id: "waiting", reason: "no such endpoint" },
          { id: "leased", reason: "answered 410: Grüße" },
          { id: "no such item", reason: "refused" },
        ],
      });
      await queue.commit({ deadLetter: [{ id: "leased", reason: "another" }] });
      assert.deepEqual(await stateOf(queue), [0, 0, 2]);
      const dead = await queue.dead({ limit: 10 });
      assert.deepEqual(
        dead.map((one) => ({ ...one, payload: Uint8Array.from(one.payload) })),
        [
          { ...item("leased"), attempts: 2, reason: "answered 410: Grüße" },
          { ...item("waiting"), payload: Uint8Array.of(0, 255), attempts: 0, reason: "no such endpoint" },
        ],
      );
      assert.deepEqual(await lease(queue, { now: 10_000, until: 11_000 }), []);
      await queue.retryLater([{ id: "leased", at: 0 }]);
      await queue.release(["waiting"]);
      await queue.releaseAll();
      assert.deepEqual(await stateOf(queue), [0, 0, 2]);
      await queue.commit({ enqueue: [item("leased")] });
      assert.deepEqual(await stateOf(queue), [0, 0, 2], "it is held still");
    },
  },
  {
    name: "lists dead items by id, page by page, also past one that is gone",
    async run({ open }) {
      const queue = await open();
      const names = ["c", "a", "e", "b", "d", "B", "0"];
      await queue.commit({
        enqueue: [...names, "alive"].map((id) => item(id)),
        deadLetter: names.map((id) => ({ id, reason: "refused" })),
      });
      const sorted = names.toSorted();
      assert.deepEqual(idsOf(await queue.dead({ limit: 100 })), sorted);
      assert.deepEqual(idsOf(await queue.dead({ limit: 2, afterId: "a" })), ["b", "c"]);
      const seen: string[] = [];
      for (;;) {
        const afterId = seen.at(-1);
        const page = await queue.dead({ limit: 2, ...(afterId === undefined ? {} : { afterId }) });
        if (page.length === 0) break;
        seen.push(...idsOf(page));
        await queue.commit({ discard: [page.at(-1)?.id as string] });
      }
      assert.deepEqual(seen, sorted);
    },
  },
  {
    name: "makes a retried item wait until its time, as if it were new, in its old place",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("a"), item("b"), item("c")] });
      await lease(queue, { limit: 1 });
      await queue.commit({ deadLetter: [{ id: "a", reason: "refused" }] });
      await queue.commit({
        retry: [
          { id: "a", at: 2_500 },
          { id: "no such item", at: 0 },
        ],
      });
      assert.deepEqual(await stateOf(queue), [3, 0, 0]);
      assert.deepEqual(await queue.dead({ limit: 1 }), []);
      assert.deepEqual(idsOf(await lease(queue, { now: 2_499, limit: 1 })), ["b"]);
      const leased = await lease(queue, { now: 2_500 });
      assert.deepEqual(
        leased.map(({ id, attempts }) => [id, attempts]),
        [
          ["a", 0],
          ["c", 0],
        ],
      );
    },
  },
  {
    name: "gives an item another payload, whatever its state, in its place and with its attempts",
    async run({ open }) {
      const queue = await open();
      const bytes = (...values: number[]) => Uint8Array.of(...values);
      await queue.commit({ enqueue: [item("a"), item("b"), item("c")] });
      await lease(queue, { limit: 1 });
      await queue.retryLater([{ id: "a", at: 0 }]);
      await queue.commit({
        deadLetter: [{ id: "b", reason: "refused" }],
        amend: [
          { id: "a", payload: bytes(1) },
          { id: "b", payload: bytes(2) },
          { id: "d", payload: bytes(3) },
          { id: "no such item", payload: bytes(9) },
        ],
        enqueue: [item("d"), item("e")],
        retry: [{ id: "b", at: 1 }],
      });
      await queue.commit({ enqueue: [item("a"), item("d")] });
      assert.deepEqual(
        (await lease(queue)).map(({ id, attempts, payload }) => [id, attempts, ...payload]),
        [
          ["a", 1, 1],
          ["b", 0, 2],
          ["c", 0, ...item("c").payload],
          ["d", 0, 3],
          ["e", 0, ...item("e").payload],
        ],
      );
    },
  },
  {
    name: "ends the lease of an item whose retry overtakes it",
    async run({ open }) {
      // The log says dead and retried before the queue was told of the first.
      const queue = await open();
      await queue.commit({ enqueue: [item("a")] });
      await lease(queue);
      await queue.retryLater([{ id: "a", at: 0 }]);
      await lease(queue);
      await queue.commit({ deadLetter: [{ id: "a", reason: "refused" }], retry: [{ id: "a", at: 2_000 }] });
      assert.deepEqual(
        (await lease(queue)).map(({ attempts }) => attempts),
        [0],
      );
      await queue.commit({ retry: [{ id: "a", at: 2_000 }] });
      assert.deepEqual(idsOf(await lease(queue)), ["a"]);
    },
  },
  {
    name: "takes discarded items away, whatever their state",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("a"), item("b"), item("c"), item("d")] });
      await lease(queue, { limit: 1 });
      await queue.commit({ deadLetter: [{ id: "b", reason: "refused" }] });
      await queue.commit({ discard: ["a", "b", "c", "no such item"] });
      assert.deepEqual(await stateOf(queue), [1, 0, 0]);
      assert.deepEqual(await queue.dead({ limit: 1 }), []);
    },
  },
  {
    name: "ends an item that one commit both enqueues and ends",
    async run({ open }) {
      const queue = await open();
      await queue.commit({ enqueue: [item("held")] });
      await queue.commit({
        enqueue: ["held", "done", "dead", "discarded", "retried", "waits"].map((id) => item(id)),
        complete: ["done", "held"],
        deadLetter: [{ id: "dead", reason: "refused" }],
        discard: ["discarded"],
        retry: [{ id: "retried", at: 2_500 }],
      });
      assert.deepEqual(await stateOf(queue), [2, 0, 1]);
      assert.deepEqual(idsOf(await queue.dead({ limit: 9 })), ["dead"]);
      assert.deepEqual(await leaseEach(queue), ["waits"]);
      assert.deepEqual(await leaseEach(queue, { now: 2_500 }), ["retried"]);
    },
  },
  {
    name: "takes everything away when it is cleared, but for cursors and counts",
    async run({ open }) {
      const queue = await open(4);
      await queue.commit({
        cursor: { consumer: "c", from: null, to: "1" },
        enqueue: ["a", "b", "c", "d"].map((id) => item(id)),
        counts: [{ key: "k", delta: 4 }],
      });
      await lease(queue, { limit: 1 });
      await queue.commit({ deadLetter: [{ id: "b", reason: "refused" }] });
      await queue.clear();
      assert.deepEqual(await queue.groups(), []);
      assert.equal((await queue.statistics()).total, 0);
      assert.deepEqual(await queue.dead({ limit: 9 }), []);
      assert.equal(await queue.cursor("c"), "1");
      assert.deepEqual([...(await queue.counts())], [["k", 4]]);
      const refill = await queue.commit({ enqueue: ["a", "b", "c", "d"].map((id) => item(id)) });
      assert.deepEqual(refill, { refused: [], evicted: [] });
      assert.equal((await groupOf(queue))?.waiting, 4);
    },
  },
];
