/** Conformance: rows of both sides, up to a mark. */
import assert from "node:assert/strict";
import type { ValueType } from "@sluice/contracts";
import type { DataRow } from "@sluice/domain";
import {
  addOlderRow,
  applyAll,
  byEventId,
  openSides,
  type ProjectionRebuildDefinition,
  readRows,
  rowsFrom,
  series,
  shuffledIds,
} from "./projection-rebuild-support.ts";
import { instant, row } from "./projection-store-support.ts";

const SIDES = ["live", "candidate"] as const;

const values: readonly [ValueType, text: string, number: number | null][] = [
  ["string", "", null],
  ["string", " white\tspace\r\n", null],
  ["string", `'; DROP TABLE data; -- "\\N`, null],
  ["string", "a\0b", null],
  ["string", "a\ufffdb", null],
  ["string", "half \ud83c of a pair \udf21", null],
  ["string", "Grüße, Ελλάδα, 日本語, עברית, 🌡️👩‍🔬, e\u0301", null],
  ["string", "𝄞 long 🌡️ ".repeat(100_000), null],
  ["integer", "-0", -0],
  ["integer", "-9007199254740991", -9007199254740991],
  ["integer", "12345678901234567890123", 1.2345678901234568e22],
  ["number", "1.0", 1],
  ["number", "0.1", 0.1],
  ["number", "-1e308", -1e308],
  ["number", "1.7976931348623157e308", Number.MAX_VALUE],
  ["number", "1e-300", 1e-300],
  ["number", "0.30000000000000004", 0.30000000000000004],
  ["boolean", "true", 1],
  ["boolean", "false", 0],
  ["null", "null", null],
  ["object", '{"a":{"b":[1.50,null]},"ü":"🌡️\\u0000"}', null],
  ["array", "[]", null],
];

/** UTF-8 has no form for half of a surrogate pair; some adapters keep it beside the text all the same. */
const inUtf8 = (rows: readonly DataRow[]): DataRow[] =>
  rows.map((one) => ({ ...one, text: one.text.toWellFormed(), number: one.number === null ? null : one.number + 0 }));

const oddRows = (): DataRow[] => [
  ...values.map(([valueType, text, number], index) =>
    row({ attribute: `attribute ${index}`, valueType, text, number, receivedAt: instant(index) }),
  ),
  row({ attribute: "a".repeat(255) }),
  row({ attribute: "🌡".repeat(255) }),
  row({ attribute: " temp'erature\"`[0] ", flow: "flow_a ", action: "Store-ü" }),
  row({ receivedAt: "2026-02-28T23:59:59.999Z", deviceTime: "2026-03-01T00:00:00.001Z" }),
  row({ receivedAt: "2024-02-29T12:00:00.120Z", deviceTime: "2024-02-29T12:00:00.000Z" }),
  row({ messageNumber: 2_147_483_648 }),
];

export const rowsDefinitions: readonly ProjectionRebuildDefinition[] = [
  {
    name: "gives rows of every type, with odd text and times, as they were applied",
    async run(context) {
      const rows = oddRows();
      const { rebuild } = await openSides(context, series([{ rows }]));
      for (const side of SIDES) {
        assert.deepEqual(inUtf8(await readRows(rebuild, side)), byEventId(inUtf8(rows)), side);
      }
      assert.deepEqual(await readRows(rebuild, "live"), await readRows(rebuild, "candidate"), "both alike");
    },
  },
  {
    name: "gives rows in the order of the bytes of their event ids, in pages of any size",
    async run(context) {
      const uuids = shuffledIds(40).map((eventId, index) => row({ eventId, receivedAt: instant(-index) }));
      const odd = ["a", "B", "b", "ab", "a-b", "a_b", "A", "0", "~", "-"].map((eventId) => row({ eventId }));
      const { rebuild } = await openSides(context, series([{ rows: uuids }, { rows: odd }]));
      const expected = byEventId([...uuids, ...odd]);
      for (const side of SIDES) {
        for (const limit of [1, 7, 50, 1_000]) {
          assert.deepEqual(await readRows(rebuild, side, { limit }), expected, `${side}, pages of ${limit}`);
        }
        const upTo = await rebuild.mark(side);
        const request = { upTo, after: "a", limit: 2, receivedFrom: null };
        assert.deepEqual(
          (await rebuild.rows(side, request)).map(({ eventId }) => eventId),
          ["a-b", "a_b"],
        );
        assert.deepEqual(await rebuild.rows(side, { ...request, after: "~~" }), []);
      }
    },
  },
  {
    name: "leaves out what came after the mark",
    async run(context) {
      const early = rowsFrom(0, 10);
      const batches = series([{ rows: early }]);
      const { live, candidate, rebuild } = await openSides(context, batches);
      const late = shuffledIds(10).map((eventId) => row({ eventId }));
      for (const [side, store] of [["live", live] as const, ["candidate", candidate] as const]) {
        const upTo = await rebuild.mark(side);
        const first = await rebuild.rows(side, { upTo, after: null, limit: 5, receivedFrom: null });
        await applyAll(store, series([{ rows: late }], 1));
        const after = first.at(-1)?.eventId ?? null;
        const rest = await rebuild.rows(side, { upTo, after, limit: 100, receivedFrom: null });
        assert.deepEqual([...first, ...rest], early, side);
        assert.deepEqual(await readRows(rebuild, side), byEventId([...early, ...late]), side);
      }
    },
  },
  {
    name: "gives no row up to the mark of an empty side",
    async run(context) {
      const { live, candidate, rebuild } = await openSides(context, []);
      for (const [side, store] of [["live", live] as const, ["candidate", candidate] as const]) {
        const upTo = await rebuild.mark(side);
        await applyAll(store, series([{ rows: rowsFrom(0, 3) }]));
        assert.deepEqual(await readRows(rebuild, side, { upTo }), [], side);
      }
    },
  },
  {
    name: "leaves out what was received before a time",
    async run(context) {
      const rows = rowsFrom(0, 20);
      const { rebuild } = await openSides(context, series([{ rows }]));
      for (const side of SIDES) {
        for (const [receivedFrom, from] of [
          [instant(-1), 0],
          [instant(12), 12],
          ["2026-01-01T00:00:00.012000Z", 12],
          [instant(20), 20],
        ] as const) {
          assert.deepEqual(await readRows(rebuild, side, { receivedFrom, limit: 3 }), rows.slice(from), receivedFrom);
        }
      }
    },
  },
  {
    name: "gives no row of the older gateway",
    async run(context) {
      const rows = rowsFrom(0, 5);
      await (await context.openLive()).stop();
      await addOlderRow(context, "1");
      const { rebuild } = await openSides(context, series([{ rows }]));
      await addOlderRow(context, "2");
      assert.deepEqual(await readRows(rebuild, "live"), rows);
    },
  },
];
