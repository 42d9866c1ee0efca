/** Conformance: rows, and the cursor that moves with them. */
import assert from "node:assert/strict";
import type { ValueType } from "@sluice/contracts";
import { CursorMoved, type DataRow, type FlowRow } from "@sluice/domain";
import {
  batch,
  CONSUMER,
  countsOf,
  doneOf,
  feed,
  instant,
  itemOf,
  nextUuid,
  type ProjectionStoreDefinition,
  readData,
  row,
  withoutId,
} from "./projection-store-support.ts";

const values: readonly [ValueType, text: string, number: number | null][] = [
  ["string", "", null],
  ["string", " white\tspace\r\n", null],
  ["string", "null", null],
  ["string", "21.5", null],
  ["string", `'; DROP TABLE data; -- "\\`, null],
  ["string", "Grüße, Ελλάδα, 日本語, עברית, 🌡️👩‍🔬, e\u0301", null],
  ["string", "𝄞 long 🌡️ ".repeat(4_000), null],
  ["integer", "0", 0],
  ["integer", "-9007199254740991", -9007199254740991],
  ["integer", "12345678901234567890123", 1.2345678901234568e22],
  ["number", "1.0", 1],
  ["number", "21.50", 21.5],
  ["number", "1e-7", 1e-7],
  ["number", "1.7976931348623157e308", Number.MAX_VALUE],
  ["boolean", "true", 1],
  ["boolean", "false", 0],
  ["null", "null", null],
  ["object", '{"a":{"b":[1.50,null]},"ü":"🌡️"}', null],
  ["array", "[]", null],
];

const allValues = (): DataRow[] =>
  values.map(([valueType, text, number], index) =>
    row({ attribute: `attribute ${index}`, valueType, text, number, receivedAt: instant(index) }),
  );

/** Throws when one of its parts is read: as a process that dies half-way, but for the catching. */
const broken = <T extends object>(value: T, part: keyof T): T =>
  Object.defineProperty({ ...value }, part, {
    enumerable: true,
    get: () => {
      throw new Error("broken");
    },
  });

export const applyDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "gives back every type of value with its exact text",
    async run({ open }) {
      const store = await open();
      const rows = allValues();
      assert.deepEqual(await store.apply(batch({ rows })), { dead: [] });
      const items = await readData(store);
      assert.deepEqual(items.map(withoutId), rows.map(itemOf));
      assert.equal(new Set(items.map((item) => item.id)).size, rows.length);
    },
  },
  {
    name: "keeps names of 255 characters, of any script, and device times",
    async run({ open }) {
      const store = await open();
      const names = ["a".repeat(255), "é".repeat(255), "🌡️", "日本 語/%.#+$", "temp'erature\"`[0]"];
      const rows = names.map((attribute, index) =>
        row({ attribute, receivedAt: instant(index), deviceTime: instant(-index) }),
      );
      assert.deepEqual(await store.apply(batch({ rows })), { dead: [] });
      assert.deepEqual((await readData(store)).map(withoutId), rows.map(itemOf));
    },
  },
  {
    name: "moves the cursor with the rows, also for a batch without any",
    async run({ open }) {
      const store = await open();
      assert.equal(await store.cursor(CONSUMER), null);
      await store.apply(batch({ to: "00000000000000000012", rows: [row()] }));
      assert.equal(await store.cursor(CONSUMER), "00000000000000000012");
      await store.apply(batch({ from: "00000000000000000012", to: "C:13/P:13 — ü" }));
      assert.equal(await store.cursor(CONSUMER), "C:13/P:13 — ü");
      assert.equal(await (await open()).cursor(CONSUMER), "C:13/P:13 — ü", "in every instance");
    },
  },
  {
    name: "keeps a cursor for each consumer",
    async run({ open }) {
      const store = await open();
      await store.apply(batch({ consumer: "one", to: "5" }));
      await store.apply(batch({ consumer: "two", to: "9" }));
      assert.deepEqual([await store.cursor("one"), await store.cursor("two")], ["5", "9"]);
      assert.equal(await store.cursor("three"), null);
    },
  },
  {
    name: "writes nothing when the cursor is elsewhere, and says where",
    async run({ open }) {
      const store = await open();
      await store.apply(batch({ to: "5" }));
      for (const from of [null, "4", "05", "6"]) {
        const rows = [row()];
        const wrong = batch({ from, to: "7", rows, done: doneOf(rows) });
        await assert.rejects(store.apply(wrong), (error) => error instanceof CursorMoved && error.actual === "5");
      }
      await assert.rejects(
        store.apply(batch({ consumer: "new", from: "1", to: "2", rows: [row()] })),
        (error) => error instanceof CursorMoved && error.actual === null,
      );
      assert.equal(await store.cursor(CONSUMER), "5");
      assert.equal(await store.cursor("new"), null);
      assert.deepEqual(await readData(store), []);
      assert.deepEqual(await countsOf(store), [0, 0, 0]);
    },
  },
  {
    name: "applies a batch once, however often it is given",
    async run({ open }) {
      const store = await open();
      const rows = [row(), row()];
      const once = batch({ rows, done: doneOf(rows) });
      await store.apply(once);
      await assert.rejects(store.apply(once), CursorMoved);
      await assert.rejects((await open()).apply(once), CursorMoved);
      assert.equal((await readData(store)).length, 2);
      assert.deepEqual(await countsOf(store), [2, 0, 0]);
    },
  },
  {
    name: "stores an event once, whatever batch it comes in",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const [first, second, third] = [row({ text: "1" }), row({ text: "2" }), row({ text: "3" })];
      await apply({ rows: [first, second] });
      assert.deepEqual(await apply({ rows: [second, third, { ...first, text: "changed" }] }), { dead: [] });
      const texts = (await readData(store)).map((item) => item.text);
      assert.deepEqual(texts.toSorted(), ["1", "2", "3"]);
    },
  },
  {
    name: "lets one of two consumers that are at the same place win",
    async run({ open }) {
      const stores = [await open(), await open()];
      const events: string[] = [];
      for (let round = 0; round < 10; round++) {
        const from = round === 0 ? null : String(round);
        const mine = stores.map(() => row());
        const outcomes = await Promise.allSettled(
          stores.map((store, index) =>
            store.apply(batch({ from, to: String(round + 1), rows: [mine[index] as DataRow] })),
          ),
        );
        const winners = mine.filter((_, index) => outcomes[index]?.status === "fulfilled");
        assert.equal(winners.length, 1);
        for (const outcome of outcomes) {
          assert.ok(outcome.status === "fulfilled" || outcome.reason instanceof CursorMoved);
        }
        events.push(...winners.map((winner) => winner.eventId));
      }
      assert.deepEqual(
        (await readData(stores[0] as (typeof stores)[0])).map((item) => item.eventId),
        events,
      );
    },
  },
  {
    name: "keeps nothing of a batch that fails half-way",
    async run({ open }) {
      const store = await open();
      const rows = Array.from({ length: 200 }, () => row());
      const flow: FlowRow = { code: "FLOW_A", definition: null, enabled: true };
      const half = [
        batch({ rows: [...rows, broken(row(), "text")] }),
        batch({ rows, flows: [broken(flow, "code")] }),
        batch({ rows, rowCommands: [broken({ id: nextUuid(), command: "retry" as const }, "id")] }),
      ];
      for (const failing of half) {
        await assert.rejects(store.apply({ ...failing, done: doneOf(rows) }), /broken|could not be cloned/);
        assert.deepEqual(await readData(store), []);
        assert.deepEqual(await countsOf(store), [0, 0, 0]);
        assert.equal(await store.cursor(CONSUMER), null);
      }
      await store.apply(batch({ rows, done: doneOf(rows) }));
      assert.equal((await readData(store)).length, 200);
      assert.deepEqual(await countsOf(store), [200, 0, 0]);
    },
  },
  {
    name: "counts the messages that batches complete, by flow and action",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      await apply({ done: [{ flow: "A", action: "x", messages: 3 }] });
      await apply({
        done: [
          { flow: "A", action: "x", messages: 2 },
          { flow: "A", action: "y", messages: 1 },
          { flow: "B", action: "x", messages: 7 },
        ],
      });
      const counts = (await store.counts()).map(({ flow, action, done }) => `${flow} ${action} ${done}`);
      assert.deepEqual(counts.toSorted(), ["A x 5", "A y 1", "B x 7"]);
    },
  },
  {
    name: "is the same after a reset and a second pass over the log",
    async run({ adapter, location, open }) {
      const store = await open();
      await adapter.refuse(location, "refused");
      const batches = Array.from({ length: 6 }, (_, number) => {
        const rows = Array.from({ length: 60 }, (_, index) =>
          row({
            attribute: index % 25 === 7 ? "refused" : `a${index % 4}`,
            messageId: nextUuid(),
            receivedAt: instant(number * 60 + index),
          }),
        );
        return batch({
          from: number === 0 ? null : String(number),
          to: String(number + 1),
          rows,
          done: doneOf(rows),
        });
      });
      const everything = async () => ({
        data: (await readData(store)).map(withoutId),
        dead: await store.deadLetters({}, { limit: 100 }),
        counts: await store.counts(),
        cursor: await store.cursor(CONSUMER),
      });
      for (const one of batches) await store.apply(one);
      const before = await everything();
      assert.equal(before.data.length + before.dead.items.length, 360);

      await store.reset(CONSUMER);
      assert.deepEqual(await everything(), {
        data: [],
        dead: { items: [], next: null },
        counts: [],
        cursor: null,
      });
      for (const one of batches) await store.apply(one);
      const after = await everything();
      // A cursor of a page may differ: it is the store's own.
      assert.deepEqual({ ...after, dead: after.dead.items }, { ...before, dead: before.dead.items });
    },
  },
];
