/** Conformance: what the listings give, filtered and page by page. */
import assert from "node:assert/strict";
import type { DataItem } from "@sluice/contracts";
import { BadCursor, type DataFilter, type DataRow, type DeadLetterFilter, type PageRequest } from "@sluice/domain";
import {
  feed,
  instant,
  itemOf,
  letter,
  nextUuid,
  type ProjectionStoreDefinition,
  readData,
  readPages,
  row,
  withoutId,
} from "./projection-store-support.ts";

const flows = ["FLOW_A", "FLOW_B", "flow_a"];
const attributes = ["temperature", "humidity", "é🌡️"];

/** Three attributes of one of three flows each; the times of some are equal, and some are earlier than those before. */
const manyRows = (messages: number): DataRow[] =>
  Array.from({ length: messages }, (_, index) => {
    const messageId = nextUuid();
    const receivedAt = instant(index % 5 === 4 ? index - 3 : Math.floor(index / 2) * 2);
    return attributes.map((attribute) =>
      row({ messageId, attribute, flow: flows[index % 3] as string, receivedAt, messageNumber: index + 1 }),
    );
  }).flat();

const matches =
  (filter: DataFilter) =>
  (one: DataRow): boolean =>
    (filter.flow === undefined || one.flow === filter.flow) &&
    (filter.attribute === undefined || one.attribute === filter.attribute) &&
    (filter.messageId === undefined || one.messageId === filter.messageId) &&
    (filter.eventId === undefined || one.eventId === filter.eventId) &&
    (filter.from === undefined || one.receivedAt >= filter.from) &&
    (filter.to === undefined || one.receivedAt <= filter.to);

const pick = ({ flow, attribute, messageId }: DataRow): DataFilter => ({ flow, attribute, messageId });

/** A stable sort: rows of one instant stay in the order of storing. */
const byTime = (rows: readonly DataRow[]): DataRow[] =>
  rows.toSorted((a, b) => (a.receivedAt < b.receivedAt ? -1 : a.receivedAt > b.receivedAt ? 1 : 0));

const eventIds = (items: readonly Pick<DataItem, "eventId">[]): (string | null)[] =>
  items.map(({ eventId }) => eventId);

export const listDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "lists data by every filter, in both orders, in pages of any size",
    async run({ open }) {
      const store = await open();
      const rows = manyRows(60);
      const apply = feed(store);
      for (let start = 0; start < rows.length; start += 50) await apply({ rows: rows.slice(start, start + 50) });
      const filters: DataFilter[] = [
        {},
        { flow: "FLOW_A" },
        { attribute: "é🌡️" },
        { flow: "flow_a", attribute: "humidity" },
        { messageId: (rows[30] as DataRow).messageId },
        { messageId: (rows[30] as DataRow).messageId, flow: (rows[30] as DataRow).flow, attribute: "humidity" },
        { messageId: (rows[30] as DataRow).messageId, flow: "elsewhere" },
        { from: instant(20) },
        { to: instant(20) },
        { from: instant(20), to: instant(20) },
        { from: instant(10), to: instant(40), flow: "FLOW_B" },
        { from: instant(10), to: instant(40), attribute: "temperature" },
        { from: instant(10), to: instant(40), flow: "FLOW_B", attribute: "temperature" },
        { from: instant(40), to: instant(10) },
        { flow: "FLOW" },
        { attribute: "temp" },
        { flow: "FLOW_A", attribute: "nothing" },
        { messageId: nextUuid() },
        { eventId: (rows[30] as DataRow).eventId },
        { eventId: (rows[30] as DataRow).eventId, ...pick(rows[30] as DataRow), to: instant(1_000) },
        { eventId: (rows[30] as DataRow).eventId, messageId: (rows[0] as DataRow).messageId },
        { eventId: (rows[30] as DataRow).eventId, attribute: "humidity" },
        { eventId: (rows[30] as DataRow).eventId, from: instant(1_000) },
        { eventId: nextUuid() },
      ];
      for (const filter of filters) {
        const expected = byTime(rows.filter(matches(filter)));
        for (const order of ["asc", "desc"] as const) {
          for (const limit of [1, 7, 1_000]) {
            const items = await readPages((page) => store.data(filter, page), { limit, order });
            assert.deepEqual(
              items.map(withoutId),
              (order === "asc" ? expected : expected.toReversed()).map(itemOf),
              `${JSON.stringify(filter)} ${order} ${limit}`,
            );
          }
        }
      }
      const unordered = await store.data({}, { limit: 10 });
      assert.deepEqual(unordered, await store.data({}, { limit: 10, order: "asc" }), "ascending unless asked");
    },
  },
  {
    name: "finds a row by its id, wherever it is, and none by what is no id of a row",
    async run(context) {
      const { adapter, location } = context;
      const store = await context.open();
      const day = 86_400_000;
      // Some in other partitions, where there are any, and stored in another order than they were received.
      const rows = [40 * day, 0, -400 * day, 1, 0].map((ms) => row({ receivedAt: instant(ms) }));
      const apply = feed(store);
      await apply({ rows: rows.slice(0, 3) });
      await apply({ rows: rows.slice(3) });
      const items = await readData(store);
      assert.equal(new Set(items.map(({ id }) => id)).size, rows.length);
      for (const item of items) assert.deepEqual(await store.row(item.id), item);

      const beyond = "9007199254740993";
      await adapter.query(
        location,
        `INSERT INTO data (id, received_at, flow_code, attribute_name, attribute_value, last_msg_id)
         VALUES (${beyond}, '2026-01-02 00:00:00', 'FLOW_A', 'old', '1', 13)`,
      );
      const found = await store.row(beyond);
      assert.deepEqual([found?.id, found?.text, found?.eventId, found?.action], [beyond, "1", null, null]);
      assert.equal(await store.row("9007199254740992"), null, "ids are not rounded");

      const known = items[0]?.id as string;
      const others = ["", "0", "-1", "x", "1.0", "1e3", `0${known}`, ` ${known}`, `${known}\n`, "9223372036854775807"];
      for (const id of [...others, "9223372036854775808", "9".repeat(400), "\u0000", "1; DROP TABLE data"]) {
        assert.equal(await store.row(id), null, JSON.stringify(id.slice(0, 30)));
      }
    },
  },
  {
    name: "takes time bounds to the millisecond, both inclusive, in any time zone",
    async run({ open }) {
      const store = await open();
      const rows = [-1, 0, 1, 999, 1_000, 1_001].map((ms) => row({ receivedAt: instant(ms), text: String(ms) }));
      await feed(store)({ rows });
      const texts = async (filter: DataFilter) => (await readData(store, filter)).map(({ text }) => text);
      assert.deepEqual(await texts({ from: instant(0), to: instant(1_000) }), ["0", "1", "999", "1000"]);
      assert.deepEqual(await texts({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00.001Z" }), ["0", "1"]);
      assert.deepEqual(await texts({ from: "2026-01-01T02:00:00.999+02:00" }), ["999", "1000", "1001"]);
      assert.deepEqual(await texts({ to: "2025-12-31T23:59:59.999Z" }), ["-1"]);
    },
  },
  {
    name: "keeps to its filter after a cursor of a wider page",
    async run({ open }) {
      const store = await open();
      const rows = [1, 2, 3, 4, 5].map((ms) => row({ receivedAt: instant(ms), text: String(ms) }));
      await feed(store)({ rows });
      const filter = { from: instant(3), to: instant(4) };
      for (const [order, expected] of [
        ["asc", ["3", "4"]],
        ["desc", ["4", "3"]],
      ] as const) {
        const { next } = await store.data({}, { limit: 1, order });
        const { items } = await store.data(filter, { limit: 9, order, after: next as string });
        assert.deepEqual(
          items.map(({ text }) => text),
          expected,
        );
      }
    },
  },
  {
    name: "neither repeats nor skips a row while rows are added between the pages",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const rows = manyRows(20);
      await apply({ rows });
      const filters: DataFilter[] = [{}, { flow: "FLOW_A" }, { attribute: "humidity" }, { to: instant(1_000) }];
      for (const filter of filters) {
        for (const order of ["asc", "desc"] as const) {
          const there = eventIds(await readPages((page) => store.data(filter, page), { limit: 100, order }));
          const items = await readPages(
            (page) => store.data(filter, page),
            { limit: 3, order },
            async () => {
              // Before all, in the midst of them, and after all.
              const added = [instant(-1), instant(9), instant(2_000)].map((receivedAt) =>
                row({ receivedAt, flow: "FLOW_A", attribute: "humidity" }),
              );
              if ((await readData(store)).length < 150) await apply({ rows: added });
            },
          );
          const seen = eventIds(items);
          assert.equal(new Set(seen).size, seen.length, "nothing twice");
          assert.deepEqual(
            seen.filter((id) => there.includes(id)),
            there,
            "all that was there, in its order",
          );
        }
      }
    },
  },
  {
    name: "shows a reader in ascending order what is added after where it stands",
    async run({ open }) {
      const store = await open();
      const reader = await open();
      const apply = feed(store);
      await apply({ rows: [row({ receivedAt: instant(1) }), row({ receivedAt: instant(2) })] });
      const first = await reader.data({}, { limit: 1 });
      const late = row({ receivedAt: instant(3) });
      await apply({ rows: [late] });
      const rest = await reader.data({}, { limit: 5, after: first.next as string });
      assert.equal(rest.items.length, 2);
      assert.equal(rest.items[1]?.eventId, late.eventId);
    },
  },
  {
    name: "finds an attribute that hundreds of flows have, or one of them",
    async run({ open }) {
      const store = await open();
      const rows = Array.from({ length: 900 }, (_, index) =>
        row({
          flow: `FLOW_${index % 300}`,
          attribute: index === 700 ? "rare" : `a${index % 2}`,
          receivedAt: instant(index),
        }),
      );
      await feed(store)({ rows });
      for (const filter of [{ attribute: "a1" }, { attribute: "rare" }, { attribute: "a0", from: instant(450) }]) {
        const expected = rows.filter(matches(filter)).map(({ eventId }) => eventId);
        for (const order of ["asc", "desc"] as const) {
          for (const limit of [40, 1_000]) {
            const found = await readPages((page) => store.data(filter, page), { limit, order });
            assert.deepEqual(eventIds(found), order === "asc" ? expected : expected.toReversed());
          }
        }
      }
    },
  },
  {
    name: "finds the attributes of a flow that has hundreds",
    async run({ open }) {
      const store = await open();
      const rows = Array.from({ length: 600 }, (_, index) =>
        row({
          flow: index % 2 === 0 ? "FLOW_A" : "FLOW_B",
          attribute: `a${index % 301}`,
          receivedAt: instant(index),
        }),
      );
      await feed(store)({ rows });
      for (const filter of [{ flow: "FLOW_A" }, { flow: "FLOW_B", to: instant(250) }]) {
        const expected = rows.filter(matches(filter)).map(({ eventId }) => eventId);
        for (const order of ["asc", "desc"] as const) {
          const found = await readPages((page) => store.data(filter, page), { limit: 70, order });
          assert.deepEqual(eventIds(found), order === "asc" ? expected : expected.toReversed());
        }
      }
    },
  },
  {
    name: "lists dead letters by every filter, in both orders, in pages of any size",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const tooLong = "x".repeat(256);
      const added = Array.from({ length: 30 }, (_, index) => {
        const flow = flows[index % 3] as string;
        const action = index % 4 === 0 ? "post" : "store";
        return { letter: letter({ flow, action }), row: row({ flow, action, attribute: tooLong }), index };
      });
      for (const one of added) {
        if (one.index % 2 === 0) await apply({ rows: [one.row] });
        else await apply({ deadLetters: [{ kind: "add", letter: one.letter }] });
      }
      const all = await readPages((page) => store.deadLetters({}, page), { limit: 100 });
      assert.equal(all.length, 30);
      const ids = [3, 4, 17].map((index) => all[index]?.id as string);
      const filters: DeadLetterFilter[] = [
        {},
        { kind: "row" },
        { kind: "delivery" },
        { flow: "FLOW_B" },
        { action: "post" },
        { flow: "FLOW_A", action: "store" },
        { flow: "FLOW_A", action: "store", kind: "delivery" },
        { ids },
        { ids: [...ids, "no such id", ...ids], kind: "row" },
        { ids: [] },
        { flow: "nothing" },
      ];
      for (const filter of filters) {
        const expected = all.filter(
          (one) =>
            (filter.ids === undefined || filter.ids.includes(one.id)) &&
            (filter.flow === undefined || filter.flow === one.flow) &&
            (filter.action === undefined || filter.action === one.action) &&
            (filter.kind === undefined || filter.kind === one.kind),
        );
        for (const order of ["asc", "desc"] as const) {
          for (const limit of [1, 4, 100]) {
            assert.deepEqual(
              await readPages((page) => store.deadLetters(filter, page), { limit, order }),
              order === "asc" ? expected : expected.toReversed(),
              `${JSON.stringify(filter)} ${order} ${limit}`,
            );
          }
        }
      }
    },
  },
  {
    name: "pages on over dead letters while they are settled and others die",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const letters = Array.from({ length: 12 }, () => letter());
      await apply({ deadLetters: letters.map((one) => ({ kind: "add", letter: one })) });
      const seen: string[] = [];
      const last = letter();
      let after: string | null = null;
      do {
        const page: PageRequest = { limit: 4, ...(after === null ? {} : { after }) };
        const { items, next } = await store.deadLetters({}, page);
        seen.push(...items.map(({ id }) => id));
        // All that was seen goes, the newest included, and one more dies at the end.
        const settled = items.map((one) => ({ kind: "settle" as const, letter: one }));
        const dying = seen.length === 12 ? [{ kind: "add" as const, letter: last }] : [];
        await apply({ deadLetters: [...settled, ...dying] });
        after = next;
      } while (after !== null);
      assert.deepEqual(
        seen,
        letters.map(({ id }) => id),
      );
      const rest = await store.deadLetters({}, { limit: 10 });
      assert.deepEqual(rest, { items: [last], next: null });
    },
  },
  {
    name: "refuses a cursor that the listing has not given out",
    async run({ open }) {
      const store = await open();
      await feed(store)({
        rows: [row(), row()],
        deadLetters: [letter(), letter()].map((one) => ({ kind: "add", letter: one })),
      });
      const data = (await store.data({}, { limit: 1 })).next as string;
      const dead = (await store.deadLetters({}, { limit: 1 })).next as string;
      const encode = (text: string) => Buffer.from(text).toString("base64url");
      const bad = ["", " ", "0", "null", "🌡️", "a'b", encode("null"), encode("[]"), encode("{}"), encode("[1,2]")];
      for (const after of [...bad, dead, data.slice(1), data.slice(0, -2)]) {
        await assert.rejects(store.data({}, { limit: 1, after }), BadCursor, `data after ${after}`);
      }
      for (const after of [...bad, data, dead.slice(1), dead.slice(0, -2)]) {
        await assert.rejects(store.deadLetters({}, { limit: 1, after }), BadCursor, `dead letters after ${after}`);
      }
      assert.equal((await store.data({}, { limit: 1, after: data })).items.length, 1);
      assert.equal((await store.deadLetters({}, { limit: 1, after: dead })).items.length, 1);
    },
  },
];
