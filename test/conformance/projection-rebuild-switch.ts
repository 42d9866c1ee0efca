/** Conformance: the switch-over. */
import assert from "node:assert/strict";
import { CursorMoved, type DataRow } from "@sluice/domain";
import { histories } from "./projection-rebuild-history.ts";
import {
  addOlderRow,
  applyAll,
  assertAlike,
  byEventId,
  contents,
  openSides,
  order,
  type ProjectionRebuildContext,
  type ProjectionRebuildDefinition,
  peoplesTables,
  readRows,
  rowIds,
  rowsFrom,
  series,
  storedRows,
} from "./projection-rebuild-support.ts";
import {
  CONSUMER,
  definition,
  FLOW,
  instant,
  letter,
  nextUuid,
  readData,
  readDead,
  row,
} from "./projection-store-support.ts";

/** What people may write over a column of a row of ours; each leaves it another row than the log gives. */
const EDITS = [
  "attribute_value = '9'",
  "attribute_value = NULL",
  "value_type = 'string'",
  "value_type = NULL",
  "value_number = 0.5",
  "value_number = NULL",
  "flow_code = 'flow_a'",
  "attribute_name = 'TEMPERATURE'",
  "attribute_name = 'temperature '",
  "received_at = '2026-01-01 00:00:30.000000'",
  "received_at = '2026-01-01 00:00:00.010001'",
  "device_time = '2026-01-01 00:00:00.000001'",
  "last_msg_id = 0",
  "message_id = NULL",
  "action = NULL",
];

/** Everything on the live side that a call may change. */
const everything = async (context: ProjectionRebuildContext) => {
  const live = await context.openLive();
  const seen = [await contents(live), await storedRows(context), await peoplesTables(context)];
  await live.stop();
  return seen;
};

export const switchDefinitions: readonly ProjectionRebuildDefinition[] = [
  {
    name: "gives the live projection the candidate's rows, dead letters and counts",
    async run(context) {
      const { truth, damaged, result, foreign, position } = histories();
      const { live, candidate, rebuild } = await openSides(context, damaged, truth);
      const before = await rowIds(context);
      assert.equal(await rebuild.switched(), null);
      assert.deepEqual(await rebuild.switchOver(order("one", position)), result);
      await assertAlike(live, candidate);
      assert.deepEqual(await readRows(rebuild, "live"), await readRows(rebuild, "candidate"));
      assert.deepEqual(await rebuild.switched(), { id: "one", position: String(position), ...result });

      const after = await rowIds(context);
      for (const [event, id] of before) assert.equal(after.get(event), foreign.includes(event) ? undefined : id);
    },
  },
  {
    name: "mends what people did to rows by hand",
    async run(context) {
      const rows = [...rowsFrom(0, EDITS.length), ...rowsFrom(100, 10)];
      const { live, candidate, rebuild } = await openSides(context, series([{ rows }]));
      const run = (sql: string) => context.adapter.store.query(context.location, sql);
      for (const [index, edit] of EDITS.entries()) {
        await run(`UPDATE data SET ${edit} WHERE event_id = '${rows[index]?.eventId}'`);
      }
      const right = byEventId(rows);
      for (const [index, one] of (await readRows(rebuild, "live")).entries()) {
        const edit = EDITS[rows.findIndex(({ eventId }) => eventId === one.eventId)];
        if (edit) assert.notDeepEqual(one, right[index], edit);
        else assert.deepEqual(one, right[index]);
      }
      await run(`DELETE FROM data WHERE event_id = '${rows.at(-2)?.eventId}'`);
      await run(`INSERT INTO data (flow_code, attribute_name, attribute_value, event_id)
        VALUES ('${FLOW}', 'by hand', '1', '${nextUuid()}')`);
      const ids = await rowIds(context);

      assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 1, removed: 1, changed: EDITS.length });
      await assertAlike(live, candidate);
      assert.deepEqual(await readRows(rebuild, "live"), right);
      const after = await rowIds(context);
      for (const { eventId } of rows) {
        assert.equal(after.get(eventId), ids.get(eventId) ?? after.get(eventId), "ids stay");
      }
    },
  },
  {
    name: "tells text apart that differs in what a database may have no form for",
    async run(context) {
      const texts = ["a\0b", "a\ufffdb", "a\u0001b", "ab", "ab ", "AB", "äb", "a\u0308b"];
      const rows = texts.map((text, index) =>
        row({ text, valueType: "string", number: null, receivedAt: instant(index) }),
      );
      const turned = rows.map((one, index) => ({ ...one, text: texts[(index + 1) % texts.length] as string }));
      const { live, rebuild } = await openSides(context, series([{ rows: turned }]), series([{ rows }]));
      assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 0, removed: 0, changed: texts.length });
      assert.deepEqual(
        (await readData(live)).map(({ text }) => text),
        texts,
      );
    },
  },
  {
    name: "leaves flows, brokers, cursors of others and rows of the older gateway as they are",
    async run(context) {
      const first = await context.openLive();
      const { truth, damaged, result, position } = histories();
      await applyAll(
        first,
        series([{ flows: [{ code: FLOW, definition: definition(), enabled: true }] }]).map((one) => ({
          ...one,
          consumer: "another",
        })),
      );
      await addOlderRow(context, "1");
      const { live, rebuild } = await openSides(context, damaged, truth);
      await addOlderRow(context, "2");
      const before = await peoplesTables(context);
      assert.deepEqual(await rebuild.switchOver(order("one", position)), result);
      assert.deepEqual(await peoplesTables(context), before);
      assert.equal(await live.cursor("another"), "1");
      assert.equal(await live.cursor(CONSUMER), String(position));
      await rebuild.rollBack("one", CONSUMER);
      assert.deepEqual(await peoplesTables(context), before);
    },
  },
  {
    name: "changes no row where both have the same",
    async run(context) {
      const { truth, position } = histories();
      const { live, rebuild } = await openSides(context, truth);
      const before = [await contents(live), await storedRows(context)];
      assert.deepEqual(await rebuild.switchOver(order("one", position)), { added: 0, removed: 0, changed: 0 });
      assert.deepEqual([await contents(live), await storedRows(context)], before);
    },
  },
  {
    name: "fills an empty live projection, and empties a full one",
    async run(context) {
      const rows = rowsFrom(0, 30);
      const { live, candidate, rebuild } = await openSides(context, series([{}]), series([{ rows }]));
      assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 30, removed: 0, changed: 0 });
      await assertAlike(live, candidate);
      const none = await rebuild.candidate("two");
      await applyAll(none, series([{}]));
      assert.deepEqual(await rebuild.switchOver(order("two", 1)), { added: 0, removed: 30, changed: 0 });
      await assertAlike(live, none);
    },
  },
  {
    name: "changes nothing when one of the cursors is elsewhere",
    async run(context) {
      const { truth, damaged } = histories();
      const more = series([{ rows: rowsFrom(200, 2) }], 3);
      const { live, candidate, rebuild } = await openSides(context, damaged, truth);
      const moved = (actual: string | null) => (error: unknown) =>
        error instanceof CursorMoved && error.actual === actual;

      const before = await everything(context);
      await assert.rejects(rebuild.switchOver(order("one", 2)), moved("3"));
      await assert.rejects(rebuild.switchOver(order("one", 3, { consumer: "nobody" })), moved(null));
      await assert.rejects(
        rebuild.switchOver(order("another", 3)),
        moved(null),
        "no candidate is one that never moved",
      );
      assert.deepEqual(await everything(context), before);

      await applyAll(candidate, more);
      const ahead = await everything(context);
      await assert.rejects(rebuild.switchOver(order("one", 3)), moved("4"));
      assert.deepEqual(await everything(context), ahead);
      await assert.rejects(rebuild.switchOver(order("one", 4)), moved("3"));
      assert.equal(await rebuild.switched(), null);

      await applyAll(live, more);
      await rebuild.switchOver(order("one", 4));
      await assertAlike(live, candidate);
      await rebuild.drop();
      await assert.rejects(rebuild.switchOver(order("two", 4)), moved(null), "the candidate was taken away");
    },
  },
  {
    name: "changes nothing the second time, wherever the cursor is and whether the candidate is there",
    async run(context) {
      const { truth, damaged, result, position } = histories();
      const { live, rebuild } = await openSides(context, damaged, truth);
      await rebuild.switchOver(order("one", position));
      await context.adapter.store.query(context.location, "UPDATE data SET attribute_value = 'later'");
      const first = await everything(context);
      assert.deepEqual(await rebuild.switchOver(order("one", position)), result);
      assert.deepEqual(await everything(context), first);

      await applyAll(live, series([{ rows: rowsFrom(300, 3) }], position));
      await rebuild.drop();
      const second = await everything(context);
      assert.deepEqual(await rebuild.switchOver(order("one", position)), result);
      await rebuild.stop();
      const again = await context.open();
      assert.deepEqual(await again.switchOver(order("one", position)), result);
      assert.deepEqual(await again.switched(), { id: "one", position: String(position), ...result });
      assert.deepEqual(await everything(context), second);
    },
  },
  {
    name: "lets the live projection go on as the candidate would",
    async run(context) {
      const { truth, damaged, position } = histories();
      const { live, candidate, rebuild } = await openSides(context, damaged, truth);
      const [deadRow] = (truth[0]?.rows ?? []).filter((one) => one.attribute.length > 255) as [DataRow];
      const letters = await readDead(candidate);
      const [settled] = letters.filter(({ kind }) => kind === "delivery");
      const [discarded] = letters.filter(({ kind, eventId }) => kind === "row" && eventId === deadRow.eventId);
      assert.ok(settled && discarded);
      await rebuild.switchOver(order("one", position));
      const more = series(
        [
          { rows: [...rowsFrom(200, 5), row({ attribute: "y".repeat(256), receivedAt: instant(210) })] },
          { deadLetters: [{ kind: "settle", letter: settled }] },
          { rowCommands: [{ id: discarded.id, command: "discard" }], rows: truth[1]?.rows ?? [], done: [] },
        ],
        position,
      );
      await applyAll(live, more);
      await applyAll(candidate, more);
      await assertAlike(live, candidate);
      assert.ok((await live.counts()).some((one) => one.discarded === 1));
    },
  },
  {
    name: "leaves rows that were received before a time as they are, on either side",
    async run(context) {
      const rows = rowsFrom(0, 40);
      const isGone = (_: DataRow, index: number) => index % 10 !== 5;
      const damaged = rows
        .filter(isGone)
        .map((one) => (one.number === 12 || one.number === 32 ? { ...one, text: "?" } : one));
      const extra = [row({ receivedAt: instant(14) }), row({ receivedAt: instant(34) })];
      const { live, candidate, rebuild } = await openSides(
        context,
        series([{ rows: [...damaged, ...extra] }]),
        series([{ rows }]),
      );
      const early = (items: Awaited<ReturnType<typeof readData>>) =>
        items.filter((one) => one.receivedAt < instant(20));
      const before = early(await readData(live));
      const receivedFrom = instant(20);
      assert.deepEqual(await rebuild.switchOver(order("one", 1, { receivedFrom })), {
        added: 2,
        removed: 1,
        changed: 1,
      });
      assert.deepEqual(early(await readData(live)), before);
      assert.deepEqual(
        await readRows(rebuild, "live", { receivedFrom }),
        await readRows(rebuild, "candidate", { receivedFrom }),
      );
      assert.deepEqual(await live.counts(), await candidate.counts());
    },
  },
  {
    name: "takes a row by what either side says of its time",
    async run(context) {
      const rows = rowsFrom(0, 40);
      const [movedUp, movedDown] = [rows[10] as DataRow, rows[30] as DataRow];
      const damaged = rows.map((one) => {
        if (one === movedUp) return { ...one, receivedAt: instant(39) };
        return one === movedDown ? { ...one, receivedAt: instant(1) } : one;
      });
      const { live, candidate, rebuild } = await openSides(context, series([{ rows: damaged }]), series([{ rows }]));
      const result = await rebuild.switchOver(order("one", 1, { receivedFrom: instant(20) }));
      assert.deepEqual(result, { added: 0, removed: 0, changed: 2 });
      await assertAlike(live, candidate);
    },
  },
  {
    name: "goes on with the pages of dead letters that were begun before, in both directions",
    async run(context) {
      const [a, b, c, d, e, f, x] = Array.from({ length: 7 }, () => letter()) as [
        ReturnType<typeof letter>,
        ...ReturnType<typeof letter>[],
      ] & { length: 7 };
      const adding = (letters: readonly (typeof a | undefined)[]) =>
        series([{ deadLetters: letters.map((one) => ({ kind: "add", letter: one as typeof a })) }]);
      const changed = { ...(d as typeof a), reason: "another" };
      const { live, rebuild } = await openSides(context, adding([a, b, x, c, changed, f]), adding([a, b, c, d, e, f]));
      const up = await live.deadLetters({}, { limit: 2 });
      const down = await live.deadLetters({}, { limit: 2, order: "desc" });
      assert.deepEqual([...up.items, ...down.items], [a, b, f, changed]);

      await rebuild.switchOver(order("one", 1));
      const rest = (page: typeof up, direction: "asc" | "desc") =>
        live.deadLetters({}, { limit: 9, order: direction, after: page.next as string });
      assert.deepEqual((await rest(up, "asc")).items, [c, d, f, e]);
      assert.deepEqual((await rest(down, "desc")).items, [c, b, a]);
      assert.deepEqual(await readDead(live), [a, b, c, d, f, e]);

      const later = await live.deadLetters({}, { limit: 2, order: "desc" });
      assert.deepEqual(later.items, [e, f]);
      await rebuild.rollBack("one", CONSUMER);
      assert.deepEqual((await rest(later, "desc")).items, [changed, c, x, b, a]);
      assert.deepEqual((await rest(up, "asc")).items, [x, c, changed, f]);
    },
  },
];
