/** Conformance: dead rows that are retried with another content. */
import assert from "node:assert/strict";
import type { DataRow, RowCommand } from "@sluice/domain";
import {
  countsOf,
  feed,
  instant,
  itemOf,
  nextUuid,
  type ProjectionStoreDefinition,
  readData,
  readDead,
  row,
  rowId,
  withoutId,
} from "./projection-store-support.ts";

const REFUSED = "refused";

/** A retry of `of` that stores this instead. */
const edit = (of: DataRow, values: Partial<DataRow>, replaces = of.eventId): RowCommand & { readonly row: DataRow } => {
  const edited = { ...of, eventId: nextUuid(), ...values };
  return { id: rowId(of), command: "retry", edit: { row: edited, replaces }, row: edited };
};
const commandOf = ({ row: _, ...command }: ReturnType<typeof edit>): RowCommand => command;

export const editsDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "stores an edited row under the event that edited it, and its message is done",
    async run({ adapter, location, open }) {
      const store = await open();
      const apply = feed(store);
      await adapter.refuse(location, REFUSED);
      const bad = row({ attribute: REFUSED, deviceTime: instant(-5) });
      await apply({ rows: [bad] });
      const change = edit(bad, { attribute: "renamed", valueType: "integer", text: "7", number: 7 });
      assert.deepEqual(await apply({ rowCommands: [commandOf(change)] }), { dead: [] });
      assert.deepEqual((await readData(store)).map(withoutId), [itemOf(change.row)]);
      assert.deepEqual(await readDead(store), []);
      assert.deepEqual(await countsOf(store), [1, 0, 0]);
    },
  },
  {
    name: "keeps the edited content of a row that is refused again, under its old id and attribute",
    async run(context) {
      const { adapter, location } = context;
      const store = await context.open();
      const apply = feed(store);
      await adapter.refuse(location, REFUSED);
      const bad = row({ attribute: REFUSED });
      await apply({ rows: [bad] });
      const [before] = await readDead(store);
      context.time += 500;
      const change = edit(bad, { text: "22.5", number: 22.5 });
      const { dead } = await apply({ rowCommands: [commandOf(change)] });
      const expected = { ...before, attempts: 2, deadAt: instant(500), eventId: change.row.eventId };
      assert.deepEqual(dead, [expected]);
      assert.deepEqual(await readDead(store), [expected]);
      const renamed = edit(bad, { attribute: "y".repeat(256), text: "3", number: 3 }, change.row.eventId);
      const again = await apply({ rowCommands: [commandOf(renamed)] });
      assert.deepEqual(
        again.dead.map(({ id, attribute, attempts, eventId }) => [id, attribute, attempts, eventId]),
        [[rowId(bad), REFUSED, 3, renamed.row.eventId]],
      );
      const fits = edit(bad, { text: "23.5", number: 23.5 }, renamed.row.eventId);
      await apply({ rowCommands: [commandOf(fits)] });
      await adapter.refuse(location, null);
      await apply({ rowCommands: [{ id: rowId(bad), command: "retry" }] });
      assert.deepEqual((await readData(store)).map(withoutId), [itemOf(fits.row)]);
      assert.deepEqual(await countsOf(store), [1, 0, 0]);
    },
  },
  {
    name: "replaces a row that nothing refuses any more, so that the log leads to the same rows again",
    async run({ adapter, location, open }) {
      const store = await open();
      const apply = feed(store);
      const [one, other] = [row({ receivedAt: instant(40 * 86_400_000) }), row()];
      const first = edit(one, { text: "1.5", number: 1.5 });
      const second = edit(one, { attribute: "renamed" }, first.row.eventId);
      await apply({ rows: [one, other], rowCommands: [commandOf(first), commandOf(second)] });
      assert.deepEqual((await readData(store)).map(withoutId), [itemOf(other), itemOf(second.row)]);
      assert.deepEqual(await countsOf(store), [2, 0, 0]);

      await adapter.refuse(location, REFUSED);
      const third = edit(one, { attribute: REFUSED }, second.row.eventId);
      const { dead } = await apply({ rowCommands: [commandOf(third)] });
      assert.deepEqual(
        dead.map(({ id, attribute, attempts, eventId }) => [id, attribute, attempts, eventId]),
        [[rowId(one), one.attribute, 1, third.row.eventId]],
      );
      assert.deepEqual((await readData(store)).map(withoutId), [itemOf(other)]);
      assert.deepEqual(await countsOf(store), [1, 1, 0]);
    },
  },
  {
    name: "changes nothing by an edit of a row that is neither dead nor stored",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const good = row();
      await apply({ rows: [good] });
      await apply({
        rowCommands: [commandOf(edit(row(), { text: "1" })), commandOf(edit(good, { text: "1" }, "other"))],
      });
      assert.deepEqual((await readData(store)).map(withoutId), [itemOf(good)]);
      assert.deepEqual(await countsOf(store), [1, 0, 0]);
    },
  },
];
