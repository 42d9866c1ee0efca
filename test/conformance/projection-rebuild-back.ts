/** Conformance: taking a switch back. */
import assert from "node:assert/strict";
import type { DataRow } from "@sluice/domain";
import { histories } from "./projection-rebuild-history.ts";
import {
  applyAll,
  assertAlike,
  comparable,
  contents,
  openSides,
  order,
  type ProjectionRebuildDefinition,
  rowsFrom,
  series,
  storedRows,
} from "./projection-rebuild-support.ts";
import { CONSUMER, instant, letter, nextUuid, readData, readDead, row } from "./projection-store-support.ts";

/** Batches after the switch: rows, rows that die, letters, and commands for what there is on either side. */
const later = (position: number) => {
  const one = letter();
  return series(
    [
      { rows: [...rowsFrom(200, 10), row({ attribute: "y".repeat(256) })] },
      { rows: rowsFrom(210, 10), deadLetters: [{ kind: "add", letter: one }] },
      { rows: rowsFrom(220, 10), deadLetters: [{ kind: "settle", letter: one }] },
    ],
    position,
  );
};

export const backDefinitions: readonly ProjectionRebuildDefinition[] = [
  {
    name: "brings rows with their ids, dead letters, counts and cursor back, in another process too",
    async run(context) {
      const { truth, damaged, position } = histories();
      const { live, rebuild } = await openSides(context, damaged, truth);
      const before = [await contents(live), await storedRows(context)];
      await rebuild.switchOver(order("one", position));
      assert.notDeepEqual(await contents(live), before[0]);
      await rebuild.drop();
      await rebuild.stop();

      const again = await context.open();
      assert.equal(await again.rollBack("one", CONSUMER), true);
      assert.deepEqual([await contents(live), await storedRows(context)], before);
      assert.equal(await again.switched(), null);
    },
  },
  {
    name: "keeps the rows that came after the switch, and is as if it had never been when they come again",
    async run(context) {
      const { truth, damaged, position } = histories();
      const { live, rebuild } = await openSides(context, damaged, truth);
      const before = await contents(live);
      await rebuild.switchOver(order("one", position));
      const more = later(position);
      await applyAll(live, more);
      const came = await readData(live, { from: instant(200) });
      assert.equal(came.length, 30);

      assert.equal(await rebuild.rollBack("one", CONSUMER), true);
      const back = await contents(live);
      assert.deepEqual(
        back.data.filter((item) => item.receivedAt >= instant(200)),
        came,
      );
      assert.deepEqual({ ...back, data: back.data.filter((item) => item.receivedAt < instant(200)) }, before);

      await applyAll(live, more);
      await rebuild.drop();
      const never = await rebuild.candidate("never switched");
      await applyAll(never, damaged);
      await applyAll(never, more);
      await assertAlike(live, never);
      assert.deepEqual(
        (await readData(live, { from: instant(200) })).map(({ id }) => id),
        came.map(({ id }) => id),
      );
    },
  },
  {
    name: "takes commands in again for rows that are dead on one side only",
    async run(context) {
      const { truth, damaged, position } = histories();
      const { live, candidate, rebuild } = await openSides(context, damaged, truth);
      const ids = [...(await readDead(live)), ...(await readDead(candidate))]
        .filter(({ kind }) => kind === "row")
        .map(({ id }) => id);
      await rebuild.switchOver(order("one", position));
      const commands = series(
        [
          { rowCommands: ids.map((id) => ({ id, command: "retry" as const })) },
          { rowCommands: ids.map((id) => ({ id, command: "discard" as const })) },
        ],
        position,
      );
      await applyAll(live, commands);
      assert.equal(await rebuild.rollBack("one", CONSUMER), true);
      await applyAll(live, commands);
      const never = await rebuild.candidate("never switched");
      await applyAll(never, damaged);
      await applyAll(never, commands);
      await assertAlike(live, never);
    },
  },
  {
    name: "brings back a row whose event came again, and one whose id was given again",
    async run(context) {
      const rows = rowsFrom(0, 10);
      const [removed, kept] = [rows.slice(8), rows.slice(0, 8)];
      const { live, rebuild } = await openSides(context, series([{ rows }]), series([{ rows: kept }]));
      const before = await storedRows(context);
      assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 0, removed: 2, changed: 0 });
      const later = rowsFrom(20, 4);
      const again = removed.map((one) => ({ ...one, text: "again" }));
      await applyAll(live, series([{ rows: [...later.slice(0, 2), ...again, ...later.slice(2)] }], 1));
      assert.equal((await readData(live)).length, 14);
      await rebuild.rollBack("one", CONSUMER);
      const after = await storedRows(context);
      assert.deepEqual(
        after.filter(({ id }) => before.some((one) => String(one.id) === String(id))),
        before,
      );
      assert.deepEqual(
        (await readData(live)).map(({ eventId }) => eventId),
        [...rows, ...later].map(({ eventId }) => eventId),
      );
    },
  },
  {
    name: "keeps what rows have in columns that people have added, and brings it back with a row",
    async run(context) {
      const { truth, damaged, position, result } = histories();
      const { rebuild } = await openSides(context, damaged, truth);
      const run = (sql: string) => context.adapter.store.query(context.location, sql);
      await run("ALTER TABLE data ADD COLUMN note VARCHAR(20) DEFAULT 'none' NOT NULL");
      await run("ALTER TABLE data ADD COLUMN price DOUBLE PRECISION");
      await run("UPDATE data SET note = 'mine', price = last_msg_id + 0.5");
      const read = async () =>
        (await run("SELECT event_id, note, price FROM data ORDER BY event_id")).map((one) => ({ ...one }));
      const before = await read();
      assert.deepEqual(await rebuild.switchOver(order("one", position)), result);
      const after = await read();
      const was = new Map(before.map((one) => [one.event_id, one]));
      assert.deepEqual(
        after,
        after.map((one) => was.get(one.event_id) ?? { event_id: one.event_id, note: "none", price: null }),
      );
      assert.equal(await rebuild.rollBack("one", CONSUMER), true);
      assert.deepEqual(await read(), before);
    },
  },
  {
    name: "takes back one switch, the last, once",
    async run(context) {
      const { truth, damaged, position, result } = histories();
      const { live, rebuild } = await openSides(context, damaged, truth);
      const state = async () => [await contents(live), await storedRows(context), await rebuild.switched()];
      const before = await state();
      assert.equal(await rebuild.rollBack("one", CONSUMER), false, "none was made");
      assert.deepEqual(await state(), before);

      await rebuild.switchOver(order("one", position));
      const after = await contents(live);
      const switched = await state();
      assert.equal(await rebuild.rollBack("another", CONSUMER), false);
      assert.deepEqual(await state(), switched);

      assert.equal(await rebuild.rollBack("one", CONSUMER), true);
      assert.equal(await rebuild.rollBack("one", CONSUMER), false, "it was taken back already");
      assert.deepEqual(await state(), before);

      assert.deepEqual(await rebuild.switchOver(order("one", position)), result, "and may be made anew");
      assert.deepEqual(comparable(await contents(live)), comparable(after));
      assert.deepEqual(await rebuild.switched(), { id: "one", position: String(position), ...result });
    },
  },
  {
    name: "keeps what was before the last switch only",
    async run(context) {
      const { truth, damaged, position } = histories();
      const { live, rebuild } = await openSides(context, damaged, truth);
      await rebuild.switchOver(order("one", position));
      const between = [await contents(live), await storedRows(context)];
      const other = await rebuild.candidate("two");
      const rows = truth.flatMap((one) => one.rows).map((one: DataRow) => ({ ...one, text: "2", number: 2 }));
      await applyAll(other, series([{ rows }, {}, { deadLetters: [{ kind: "add", letter: letter() }] }]));
      await rebuild.switchOver(order("two", position));
      assert.equal((await rebuild.switched())?.id, "two");
      assert.equal(await rebuild.rollBack("one", CONSUMER), false);
      await assertAlike(live, other);
      assert.equal(await rebuild.rollBack("two", CONSUMER), true);
      assert.deepEqual([await contents(live), await storedRows(context)], between);
      assert.equal(await rebuild.switched(), null);
      assert.equal(await rebuild.rollBack("one", CONSUMER), false);
    },
  },
  {
    name: "has nothing to take back once the live projection was reset",
    async run(context) {
      const { truth, damaged, position } = histories();
      const { live, rebuild } = await openSides(context, damaged, truth);
      await rebuild.switchOver(order("one", position));
      await live.reset(CONSUMER);
      assert.equal(await rebuild.switched(), null);
      assert.equal(await rebuild.rollBack("one", CONSUMER), false);
      await applyAll(live, series([{ rows: [row({ eventId: nextUuid() })] }]));
      assert.equal((await readData(live)).length, 1);
      assert.equal(await live.cursor(CONSUMER), "1");
    },
  },
];
