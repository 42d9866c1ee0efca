/** Conformance: dead letters by what they have in common. */
import assert from "node:assert/strict";
import type { DeadLetter } from "@sluice/contracts";
import { causeOf, type DeadLetterFilter } from "@sluice/domain";
import {
  feed,
  instant,
  letter,
  type ProjectionStoreDefinition,
  readDead,
  readPages,
  row,
} from "./projection-store-support.ts";

const died = (ms: number, values: Partial<DeadLetter>) => ({
  kind: "add" as const,
  letter: letter({ deadAt: instant(ms), ...values }),
});

export const causesDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "groups dead letters by cause, the most numerous first, and takes the cause as a filter",
    async run(context) {
      context.time = Date.parse(instant(7_000));
      const store = await context.open();
      const apply = feed(store);
      const timeouts = [10, 20, 30].map((ms) => died(ms, { reason: `no answer within ${ms} ms` }));
      const refused = [died(5, { reason: "answered 422" }), died(1, { reason: "answered 422" })];
      const elsewhere = died(9, { reason: "answered 422", flow: "FLOW_B" });
      await apply({
        deadLetters: [...timeouts, ...refused, elsewhere],
        rows: [...[256, 257, 258, 259].map((length) => row({ attribute: "x".repeat(length) }))],
      });
      const [rows, slow, ...others] = await store.deadLetterCauses({}, 10);
      assert.deepEqual(
        { ...rows, cause: "", sample: "" },
        {
          kind: "row",
          flow: "FLOW_A",
          action: "store",
          attribute: null,
          cause: "",
          count: 4,
          firstDeadAt: instant(7_000),
          lastDeadAt: instant(7_000),
          sample: "",
        },
      );
      assert.deepEqual(slow, {
        kind: "delivery",
        flow: "FLOW_A",
        action: "post",
        attribute: null,
        cause: "no answer within <number> ms",
        count: 3,
        firstDeadAt: instant(10),
        lastDeadAt: instant(30),
        sample: timeouts[2]?.letter.id,
      });
      assert.deepEqual(
        others.map(({ flow, cause, count, firstDeadAt, lastDeadAt }) => [flow, cause, count, firstDeadAt, lastDeadAt]),
        [
          ["FLOW_A", "answered 422", 2, instant(1), instant(5)],
          ["FLOW_B", "answered 422", 1, instant(9), instant(9)],
        ],
      );
      assert.equal((await store.deadLetterCauses({}, 2)).length, 2);
      const counts = async (filter: DeadLetterFilter) =>
        (await store.deadLetterCauses(filter, 10)).map(({ count }) => count);
      assert.deepEqual(await counts({ flow: "FLOW_A" }), [4, 3, 2]);
      assert.deepEqual(await counts({ action: "post", cause: "answered 422" }), [2, 1]);
      assert.deepEqual(await counts({ kind: "row" }), [4]);
      assert.deepEqual(await counts({ flow: "nothing" }), []);
      assert.deepEqual(await counts({ cause: "a\0b" }), []);

      const all = await readDead(store);
      for (const filter of [
        { cause: "answered 422" },
        { cause: "answered 422", flow: "FLOW_A" },
        { cause: "no answer within <number> ms", kind: "delivery" as const, action: "post" },
        { cause: "answered 422", ids: [elsewhere.letter.id, timeouts[0]?.letter.id as string] },
        { cause: rows?.cause as string },
        { cause: "Answered 422" },
      ] satisfies DeadLetterFilter[]) {
        const { cause, flow, ids } = filter as DeadLetterFilter;
        const expected = all.filter(
          (one) =>
            causeOf(one.reason) === cause &&
            (flow === undefined || one.flow === flow) &&
            (ids === undefined || ids.includes(one.id)),
        );
        for (const order of ["asc", "desc"] as const) {
          const found = await readPages((page) => store.deadLetters(filter, page), { limit: 2, order });
          assert.deepEqual(found, order === "asc" ? expected : expected.toReversed(), JSON.stringify(filter));
        }
      }
    },
  },
  {
    name: "tells rows apart by their attribute, and has another cause when one dies again of another",
    async run(context) {
      const { adapter, location } = context;
      const store = await context.open();
      const apply = feed(store);
      await adapter.refuse(location, "a");
      const one = row({ attribute: "a" });
      await apply({ rows: [one, row({ attribute: "a" })] });
      const [first, ...none] = await store.deadLetterCauses({}, 10);
      assert.deepEqual([first?.attribute, first?.count, none], ["a", 2, []]);
      const delivery = letter({ reason: "answered 500" });
      await apply({ deadLetters: [{ kind: "add", letter: delivery }] });
      await apply({ deadLetters: [{ kind: "add", letter: { ...delivery, reason: "answered 400" } }] });
      const causes = await store.deadLetterCauses({ kind: "delivery" }, 10);
      assert.deepEqual(
        causes.map(({ cause, count }) => [cause, count]),
        [["answered 400", 1]],
      );
      await apply({ deadLetters: [{ kind: "settle", letter: delivery }] });
      assert.deepEqual(await store.deadLetterCauses({ kind: "delivery" }, 10), []);
    },
  },
  {
    name: "counts the letters of each cause through any history, and forgets them with the rest",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const letters = Array.from({ length: 12 }, (_, index) => letter({ flow: index % 2 === 0 ? "FLOW_A" : "FLOW_B" }));
      for (let step = 0; step < 40; step++) {
        // Every letter in turn; each third is settled, the others die anew, of one of four reasons.
        const changes = letters
          .filter((_, index) => (index + step) % 4 === 0)
          .map((one, index) => ({
            kind: (index + step) % 3 === 0 ? ("settle" as const) : ("add" as const),
            letter: { ...one, reason: `answered ${500 + ((index * 7 + step) % 4)}`, deadAt: instant(step) },
          }));
        await apply({ deadLetters: changes });
        const dead = await readDead(store);
        const expected = Map.groupBy(dead, ({ flow, reason }) => `${flow} ${reason}`);
        const found = await store.deadLetterCauses({}, 20);
        assert.deepEqual(
          new Map(found.map(({ flow, cause, count }) => [`${flow} ${cause}`, count])),
          new Map([...expected].map(([group, of]) => [group, of.length])),
          `step ${step}`,
        );
        for (const { flow, cause, firstDeadAt, lastDeadAt, sample } of found) {
          const times = (expected.get(`${flow} ${cause}`) ?? []).map(({ deadAt }) => deadAt).toSorted();
          assert.deepEqual([firstDeadAt, lastDeadAt], [times[0], times.at(-1)]);
          assert.equal(dead.find(({ id }) => id === sample)?.deadAt, lastDeadAt);
        }
      }
      assert.ok((await store.deadLetterCauses({}, 20)).length > 2);
      await store.reset("projection");
      assert.deepEqual(await store.deadLetterCauses({}, 20), []);
    },
  },
  {
    name: "works out the cause of letters that were there before it was kept",
    async run({ adapter, location, open }) {
      const store = await open();
      const letters = Array.from({ length: 30 }, (_, index) => died(index, { reason: `no answer within ${index} ms` }));
      const long = row({ attribute: `${"x".repeat(256)}\0` });
      await feed(store)({ deadLetters: letters, rows: [long] });
      const before = await store.deadLetterCauses({}, 10);
      assert.deepEqual(
        before.map(({ count }) => count),
        [30, 1],
      );
      const table = adapter.name === "postgres" ? "sluice_dead_letters" : "dead_letters";
      await adapter.query(location, `UPDATE ${table} SET cause = NULL, cause_attribute = NULL`);
      assert.deepEqual(await store.deadLetterCauses({}, 10), []);
      const again = await open();
      assert.deepEqual(await again.deadLetterCauses({}, 10), before);
    },
  },
];
